// Dependencies are installed when they are missing or differ from package-lock.json. npm keeps a
// record of what it installed and writes it last, so an interrupted installation is noticed too.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collect, finish, nodeBinary, root } from './processes.mjs';
import { fail, inSeconds, tell } from './telling.mjs';

const logLinesShown = 25;

/** Runs `npm ci` if it is due; ends the program with the log's tail when that fails. */
export async function installDependencies() {
  const reason = reasonToInstall();
  if (!reason) return;

  tell(`${reason}, running npm ci`);
  const startedAt = performance.now();
  const { exitCode, output } = await npmCi();
  const log = join(root, '.joinleaf/npm-ci.log');
  mkdirSync(join(root, '.joinleaf'), { recursive: true });
  writeFileSync(log, output);

  if (exitCode !== 0) {
    process.stderr.write(`${output.trimEnd().split('\n').slice(-logLinesShown).join('\n')}\n`);
    fail(`npm ci failed with exit code ${exitCode}; all it said is in .joinleaf/npm-ci.log`);
  }
  if (!existsSync(nodeBinary)) {
    fail(
      'npm ci brought no Node.js: allow the install script of the package "node", and try again.',
    );
  }
  tell(`dependencies installed (${inSeconds(performance.now() - startedAt)})`);
}

function reasonToInstall() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return 'no dependencies yet';
  if (!existsSync(nodeBinary)) return 'Node.js is missing among the dependencies';
  const wanted = readPackages(join(root, 'package-lock.json'));
  const installed = readPackages(record);
  const differs = Object.entries(wanted).some(([path, entry]) => {
    if (!path.includes('node_modules/')) return false;
    const found = installed[path];
    if (!found) return entry.optional !== true && entry.devOptional !== true;
    return found.version !== entry.version || found.link !== entry.link;
  });
  return differs ? 'dependencies changed' : undefined;
}

function readPackages(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
}

async function npmCi() {
  const args = ['ci', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] };
  const child = npm?.endsWith('.js')
    ? spawn(process.execPath, [npm, ...args], options)
    : spawn('npm', args, { ...options, shell: process.platform === 'win32' });
  const output = collect(child);
  const exitCode = await finish(child);
  return { exitCode, output: output() };
}
