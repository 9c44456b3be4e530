import type { Outlet, World } from './world.js';

const echoMs = 200;

/** The world of a real process. */
export function processWorld(): World {
  const interruption = new AbortController();
  let firstAt = Number.NaN;
  const interrupt = () => {
    // The second time somebody means it. At once it is an echo: a terminal and npm both tell us.
    if (performance.now() - firstAt > echoMs) process.exit(130);
    if (Number.isNaN(firstAt)) firstAt = performance.now();
    interruption.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const { stdin, stdout, stderr } = process;
  return {
    env: process.env,
    cwd: process.cwd(),
    stdout: outletOf(stdout, interruption),
    stderr: outletOf(stderr, interruption),
    interrupted: interruption.signal,
    now: () => Date.now(),
    ask: (question) =>
      stdin.isTTY && stderr.isTTY ? askOnTerminal(question) : Promise.resolve(null),
  };
}

// A reader that went away, as after `| head` or with its terminal, is no failure: there is nothing
// more to say.
function outletOf(stream: NodeJS.WriteStream, interruption: AbortController): Outlet {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    gone = true;
    interruption.abort(new Error('nobody reads'));
  });
  return {
    isTTY: stream.isTTY,
    // A terminal without a size says 0.
    columns: stream.isTTY && stream.columns > 0 ? stream.columns : undefined,
    write: (text) => {
      if (!gone) stream.write(text);
    },
  };
}

async function askOnTerminal(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await dialogue.question(question);
  } finally {
    dialogue.close();
  }
}
