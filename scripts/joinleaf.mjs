// The one entry behind every npm script: sets up a clone that has no dependencies yet, builds what
// changed, and runs the command on the Node that the dependencies bring. Plain JavaScript without
// dependencies, because it runs before there are any, on whatever Node started npm.
import { cleanOutput } from './clean.mjs';
import { installDependencies } from './dependencies.mjs';
import { run, runQuietly, stopSignal } from './processes.mjs';
import { fail, timed } from './telling.mjs';

const nodeMajorMin = 20;
const interrupted = 130;

const jest = ['node_modules/jest/bin/jest.js'];
const vmModules = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** Each verb is a list of steps, run in order until one fails. The last one gets the arguments. */
const verbs = {
  install: [],
  build: [build],
  clean: [cleanOutput],
  start: [build, node('services/cli/dist/main.js', 'demo')],
  bench: [build, node('bench/dist/main.js')],
  jest: [node(...vmModules, ...jest)],
  test: [build, node(...vmModules, ...jest)],
  'test:containers': [build, node('scripts/test-containers.mjs')],
  sim: [build, node('test/dist/sim/main.js')],
  museum: [build, node('test/dist/museum/main.js')],
  conformance: [build, node('test/dist/conformance/report/main.js')],
  faults: [build, node('test/dist/faults/main.js')],
  format: [node('node_modules/prettier/bin/prettier.cjs', '--write', '--log-level=warn', '.')],
  'format:check': [formatCheck],
  lint: [lint],
  arrows: [arrows],
  check: [formatCheck, lint, arrows],
  protocol: [build, node('scripts/protocol.mjs')],
  reliability: [node('scripts/reliability.mjs')],
  performance: [node('scripts/performance.mjs')],
  errors: [node('libs/replay/scripts/rules-from-spec.mjs'), build, node('scripts/errors.mjs')],
  verify: [formatCheck, lint, arrows, build, node(...vmModules, ...jest)],
};

await main(process.argv.slice(2));

async function main([verb, ...args]) {
  if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
    fail(`Node.js ${nodeMajorMin} or newer is needed, this is ${process.version}.`);
  }
  const steps = verbs[verb];
  if (!steps) fail(`"${verb}" is not a verb; there are: ${Object.keys(verbs).join(', ')}.`);

  await installDependencies();
  for (const [index, step] of steps.entries()) {
    const isLast = index === steps.length - 1;
    const exitCode = await step(isLast ? args : []);
    if (exitCode !== 0) process.exit(exitCode);
    // The compiler finishes its work when it is told to stop, and says that all is well.
    if (stopSignal !== null && !isLast) process.exit(interrupted);
  }
}

function node(...command) {
  return (args) => run([...command, ...args]);
}

function build(args) {
  return timed('built', () => run(['node_modules/typescript7/bin/tsc', '-b', ...args]));
}

function formatCheck(args) {
  const paths = args.length > 0 ? args : ['.'];
  return timed('format checked', () =>
    run(['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', ...paths]),
  );
}

function lint(args) {
  const paths = args.length > 0 ? args : ['.'];
  return timed('linted', () =>
    run(['node_modules/eslint/bin/eslint.js', '--max-warnings=0', ...paths]),
  );
}

function arrows(args) {
  return timed('arrows checked', () => runQuietly(['scripts/arrows.mjs', ...args]));
}
