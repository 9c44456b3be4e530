import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const parentCheckMs = 250;

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The Node that the `node` dependency brought, whatever Node this program runs on. */
export const nodeBinary = join(
  root,
  process.platform === 'win32' ? 'node_modules/node/bin/node.exe' : 'node_modules/node/bin/node',
);

/** Runs a command of ours on the project's Node, in the foreground. Resolves with its exit code. */
export function run(command) {
  return finish(spawn(nodeBinary, command, { cwd: root, stdio: 'inherit', env: environment() }));
}

/** Like `run`, but keeps the output to itself while the command succeeds. */
export function runQuietly(command) {
  return runQuietlyAs(nodeBinary, command);
}

/** The same for another program, with `more` in its environment. */
export async function runQuietlyAs(program, words, more = {}) {
  const child = spawn(program, words, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment(), ...more },
  });
  const output = collect(child);
  const exitCode = await finish(child);
  if (exitCode !== 0) process.stderr.write(output());
  return exitCode;
}

/** The signal that came while a child ran, or null: nothing more is to be started then. */
export let stopSignal = null;

/** Waits for a child; signals meant for us reach it, and its exit code becomes ours. */
export function finish(child) {
  const forwarders = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    // A terminal tells the whole group of a Ctrl-C, and of its own end: the child has heard it already.
    const heardAlready = signal !== 'SIGTERM' && process.stdin.isTTY === true;
    const forward = () => {
      stopSignal = signal;
      if (!heardAlready) child.kill(signal);
    };
    process.on(signal, forward);
    return () => process.off(signal, forward);
  });
  const stopWatching = whenParentDies(() => {
    stopSignal = 'SIGTERM';
    child.kill('SIGTERM');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      stopWatching();
      for (const stop of forwarders) stop();
      resolve(exitCode ?? 128 + constants.signals[signal]);
    });
  });
}

/** npm passes a signal to its shell alone, which dies without telling us: we are then an orphan. */
function whenParentDies(act) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, parentCheckMs);
  return () => clearInterval(timer);
}

/** Gathers what a child prints. */
export function collect(child) {
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stderr.on('data', (chunk) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString();
}

function environment() {
  const binaries = join(root, 'node_modules/.bin');
  return { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ''}` };
}
