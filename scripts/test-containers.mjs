// Builds joinleaf's images and runs the tests that start them: broker, services and agents as containers.
// Needs a Docker engine. Without one it says so and fails; with --if-possible that is fine.
// usage: node scripts/test-containers.mjs [--if-possible] [arguments of Jest]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root, run, runQuietlyAs } from './processes.mjs';
import { fail, tell, timed } from './telling.mjs';

const targets = ['broker', 'session', 'notifier', 'leaf-agent', 'cli'];
const tag = 'test';
const optional = '--if-possible';
const jest = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  '--config=jest.containers.config.mjs',
];

await main(process.argv.slice(2));

async function main(words) {
  const reason = whyNoEngine();
  if (reason !== null) {
    const sentence = `no container test ran, because no Docker engine can be had: ${reason}`;
    if (!words.includes(optional)) fail(sentence);
    tell(sentence);
    return;
  }
  for (const target of targets) {
    const exitCode = await timed(`image ${target} built`, () => buildImage(target));
    if (exitCode !== 0) process.exit(exitCode);
  }
  process.exitCode = await run([...jest, ...words.filter((word) => word !== optional)]);
}

function whyNoEngine() {
  const { error, status, stderr } = docker(['version', '--format', '{{.Server.Version}}']);
  if (error) return 'there is no command `docker`';
  return status === 0 ? null : stderr.trim().split('\n').at(-1);
}

function docker(words) {
  return spawnSync('docker', words, { encoding: 'utf8' });
}

// Where packages come from is what the user's npm is set up with; no layer keeps it.
function buildImage(target) {
  const npmrc = process.env.npm_config_userconfig ?? join(homedir(), '.npmrc');
  const secret = existsSync(npmrc) ? ['--secret', `id=npmrc,src=${npmrc}`] : [];
  const file = join(root, 'deploy/docker/Dockerfile');
  const words = ['build', '-f', file, '--target', target, '-t', `joinleaf/${target}:${tag}`];
  return runQuietlyAs('docker', [...words, ...secret, root], { DOCKER_BUILDKIT: '1' });
}
