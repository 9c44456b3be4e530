import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, closeSync, openSync } from 'node:fs';

// A program that must not outlive us, however we end. A small shell stands between us and the program, and
// reads from a pipe of ours in which there is nothing to read but its end. The kernel sends that when we exit,
// throw or are killed, and the shell then ends the program and removes what would be left behind. Both have
// a session of their own: a Ctrl-C that is meant for us does not end the program under our feet.
const guardian = `
leftovers=$1; shift
exec 3<&0
"$@" 3<&- </dev/null &
program=$!
(
  while read -r _ <&3; do :; done
  trap '' TERM
  kill -TERM $program; kill -CONT $program
  tries=0
  while kill -0 $program && [ $tries -lt 20 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL $program
  rm -rf "$leftovers"
) 2>/dev/null &
watcher=$!
exec 3<&-
wait $program
code=$?
kill $watcher 2>/dev/null
wait $watcher 2>/dev/null
exit $code
`;

export interface GuardedProgram {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Everything the program prints is appended here. */
  readonly logFile: string;
  /** A folder that is removed when we end without having ended the program. */
  readonly leftovers: string;
}

export interface GuardedProcess {
  /** Settles when the program has ended, with its exit code; 128 and more tell a signal. */
  readonly ended: Promise<number>;
  /** The same code, as soon as there is one. */
  readonly exitCode: number | undefined;
  /** Ends the program as our own end would: SIGTERM, two seconds, SIGKILL, leftovers removed. */
  abandon(): void;
}

/** Starts a program that ends when this process does, and that does not keep this process alive. */
export function spawnGuarded(guarded: GuardedProgram): GuardedProcess {
  const { words, logFile, leftovers } = guarded;
  const log = openSync(logFile, 'a');
  const child = spawn('/bin/sh', ['-c', guardian, 'nats-guardian', leftovers, ...words], {
    stdio: ['pipe', log, log],
    detached: true,
  });
  closeSync(log);
  return new GuardedChild(child, logFile);
}

class GuardedChild implements GuardedProcess {
  readonly ended: Promise<number>;
  exitCode: number | undefined;

  constructor(
    private readonly child: ChildProcess,
    logFile: string,
  ) {
    child.unref();
    this.ended = new Promise((resolve) => {
      const end = (code: number) => {
        this.exitCode = code;
        this.abandon(); // Somebody may have killed the shell alone: its watcher ends the program.
        resolve(code);
      };
      child.once('exit', (code) => {
        end(code ?? 128);
      });
      child.once('error', ({ message }) => {
        appendFileSync(logFile, `${message}\n`);
        end(127);
      });
    });
  }

  abandon(): void {
    this.child.stdin?.destroy();
  }
}
