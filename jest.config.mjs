// Tests are native ES modules over the TypeScript sources. Jest needs Node's vm modules for that, a
// flag a configuration cannot set for its own process, so a bare `npx jest` is started once more.
import { spawn } from 'node:child_process';
import vm from 'node:vm';
import { finish, nodeBinary } from './scripts/processes.mjs';

if (vm.SourceTextModule === undefined) await runAgainWithVmModules();

const level = (displayName, testMatch, more = {}) => ({
  displayName,
  testMatch,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/fixtures/'],
  modulePathIgnorePatterns: ['/dist/', '/\\.joinleaf/'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@joinleaf/source', 'node', 'node-addons'] },
  resolver: '<rootDir>/scripts/jest-resolver.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2024',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
      },
    ],
  },
  ...more,
});

const stage = '<rootDir>/test/conformance/stage';

export default {
  maxWorkers: 2,
  testTimeout: 30_000, // Jest reads it here alone, not for each project.
  projects: [
    level('unit', ['<rootDir>/**/*.spec.ts', '!**/*.{int,e2e,conformance,containers}.spec.ts']),
    level('int', ['<rootDir>/**/*.int.spec.ts']),
    level('e2e', ['<rootDir>/**/*.e2e.spec.ts']),
    // One deployment and one set of programs for all its files.
    level('conformance', ['<rootDir>/**/*.conformance.spec.ts'], {
      globalSetup: `${stage}/global-setup.mjs`,
      globalTeardown: `${stage}/global-teardown.mjs`,
    }),
  ],
};

async function runAgainWithVmModules() {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const command = [...flags, ...process.argv.slice(1)];
  process.exit(await finish(spawn(nodeBinary, command, { stdio: 'inherit' })));
}
