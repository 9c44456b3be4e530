import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  appended,
  describeEventLogContract,
  draftAfter,
  grown,
  newSession,
  nth,
} from './contract.js';
import { emptyHead, headOf, MemoryLog, type MemoryLogOptions } from './index.js';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const memoryLog = (options: Partial<MemoryLogOptions> = {}) =>
  new MemoryLog({ sha256, now: () => 1_766_000_000_000, ...options });

describeEventLogContract('MemoryLog', async () => {
  const log = memoryLog();
  let last = 0;
  return {
    log,
    other: log,
    plant: async (session, bytes) => log.plant(session, bytes).sequence,
    lastSequence: async () => {
      for await (const followed of log.follow()) {
        if (followed.kind === 'caught-up') last = followed.sequence;
        if (followed.kind === 'caught-up') break;
      }
      return last;
    },
    close: async () => undefined,
  };
});

describe('MemoryLog', () => {
  it('hashes the bytes that it stores', async () => {
    const session = newSession();
    const commit = await appended(memoryLog(), session, emptyHead);
    const { hash, sequence, ...stored } = commit;
    expect(sequence).toBe(1);
    expect(hash).toBe(sha256(new TextEncoder().encode(JSON.stringify(stored))));
  });

  it('tells the time of the clock that it was given', async () => {
    let now = 1_000;
    const log = memoryLog({ now: () => now });
    const session = newSession();
    const first = await appended(log, session, emptyHead);
    now = 2_000;
    await appended(log, session, headOf(first));
    const storedAt: number[] = [];
    for await (const commit of log.read(session)) storedAt.push(commit.storedAt);
    expect(storedAt).toEqual([1_000, 2_000]);
  });

  it('refuses what does not fit any more', async () => {
    const log = memoryLog({ messagesMax: 2 });
    const session = newSession();
    const head = headOf(nth(await grown(log, session, 2), -1));
    expect(await log.append(session, head, draftAfter(head, session))).toEqual({
      kind: 'refused',
      reason: 'log-full',
    });
  });
});
