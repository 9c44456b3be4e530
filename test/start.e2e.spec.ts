import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

// What `npm start -- --once` runs, after the build.

const root = join(import.meta.dirname, '..');
const main = join(root, 'services/cli/dist/main.js');
const withinMs = 120_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joinleaf-start-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('npm start', () => {
  it(
    'plays the waiting room, and shows how it went',
    async () => {
      const { code, output } = await demo();
      expect({ code, output }).toMatchObject({ code: 0 });
      const steps = output.split('\n').filter((line) => line.includes('✓'));
      expect(steps.map((line) => line.replace(/\s+/g, ' ').trim())).toEqual([
        '✓ ada open waiting-room done',
        '✓ bob ask to join: "it is me" waiting',
        '✓ ada accept bob connected',
        '✓ bob learn the outcome connected: "come in"',
        '✓ ada invite agent-1:1 connected',
        '✓ ada invite agent-2:1 waiting',
        '✓ ada invite agent-2:1 refused WSAEALREADY (10037), rule R50',
        expect.stringMatching(
          /^✓ ada learn of agent-2:1 failed WSAETIMEDOUT \(10060\) after \d+ ms$/,
        ),
        '✓ bob leave done',
        '✓ ada hear of bob FD_CLOSE',
        '✓ ada close waiting-room done',
        '✓ agent-1 hear FD_CLOSE',
      ]);
      for (const row of [
        /◀─join J1─┊/, // Bob knocks,
        /─accept──▶│ .*J1 \+ bob:1/, // and is let in.
        /◀─accept J2──+┊ .*\+ agent-1:1/, // An agent accepts an invitation.
        /╌invite╌╌▶│ .*✗ WSAEALREADY R50/, // One at a time.
        /● timer deadline .*J3 WSAETIMEDOUT/,
        /◀─close───│ .*- bob:1/, // Bob leaves,
        /─close───▶│ .*closed/, // and it is over,
        /─CLOSE──+▶┊/, // which the agent hears.
      ]) {
        expect(output).toMatch(row);
      }
    },
    withinMs,
  );

  it.each(['auto-lobby', 'news-group', 'lost-leaf', 'what-may-come-of-it'])(
    'plays %s, too',
    async (scenario) => {
      expect(await demo('--scenario', scenario)).toMatchObject({ code: 0 });
    },
    withinMs,
  );

  it(
    'says so when a scenario goes otherwise than it says',
    async () => {
      const file = join(folder, 'wrong.yaml');
      await writeFile(
        file,
        `title: A room that is not there
description: Bob knocks at a door.
session: nowhere
cast: { bob: knocks }
steps:
  - bob: ask
`,
      );
      const { code, output } = await demo('--scenario', file);
      expect(code).toBe(1);
      expect(output).toMatch(/✗ bob +ask to join +refused WSAECONNREFUSED \(10061\), rule R35/);
      expect(output).toContain('line 6 wants: waiting');
    },
    withinMs,
  );

  // The environment of a process tells whose child it is, on Linux.
  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux.each(['SIGINT', 'SIGKILL'] as const)(
    'leaves no process behind when it is ended by %s',
    async (signal) => {
      const mark = `start-e2e-${randomUUID()}`;
      const playing = started([], { WHO_STARTED_IT: mark });
      await playing.printed('accept bob');
      expect(marked(mark).length).toBeGreaterThan(6);
      playing.child.kill(signal);
      const { code } = await playing.ended;
      if (signal === 'SIGINT') {
        expect(code).toBe(130);
        expect(marked(mark)).toEqual([]);
      } else {
        const deadline = performance.now() + 10_000;
        while (marked(mark).length > 0 && performance.now() < deadline) await delay(50);
        expect(marked(mark)).toEqual([]);
      }
    },
    withinMs,
  );

  it('names the line of a scenario that cannot be read', async () => {
    const file = join(folder, 'bad.yaml');
    await writeFile(file, 'title: x\nsteps: 1\n');
    const { code, output } = await demo('--scenario', file);
    expect(code).toBe(2);
    expect(output).toContain(`${file}:2: steps `);
  });
});

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function demo(...args: readonly string[]): Promise<Ended> {
  return started(args).ended;
}

function started(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [main, 'demo', '--once', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder, ...environment }, // A killed demo cleans nothing up.
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
  const printed = async (text: string) => {
    while (!output.includes(text) && child.exitCode === null) await delay(5);
  };
  return { child, ended, printed };
}

/** Processes with this word in the environment they were started with. */
function marked(word: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(word);
    } catch {
      return false; // It has ended, or is somebody else's.
    }
  });
}
