import type { StoredCommit } from '@joinleaf/event-log';
import { sha256 } from './sha256.js';
import type { SessionAddress } from '@joinleaf/multipoint';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Live } from './live.js';

const batchMax = 500;

/**
 * The same commits with their fields in the order in which they are stored, so that a capture can be held
 * against their hashes. A commit whose bytes are not there again stays as it is.
 */
export async function inStoredOrder(
  live: Live,
  commits: readonly StoredCommit[],
): Promise<readonly StoredCommit[]> {
  const [first, last] = [commits.at(0), commits.at(-1)];
  if (first === undefined || last === undefined) return commits;
  const texts = await storedTexts(live, first.session, first.sequence, last.sequence);
  return commits.map((commit) => {
    const text = texts.get(commit.sequence);
    if (text === undefined || sha256(encoder.encode(text)) !== commit.hash) return commit;
    const { hash, sequence, storedAt } = commit;
    return { ...(JSON.parse(text) as StoredCommit), hash, sequence, storedAt };
  });
}

const encoder = new TextEncoder();

async function storedTexts(live: Live, session: SessionAddress, from: number, to: number) {
  const { nc, subjects } = live;
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const subject = subjects.events(session);
  const texts = new Map<number, string>();
  for (let sequence = from; sequence <= to;) {
    const request = { seq: sequence, next_by_subj: subject, batch: batchMax };
    const batch = await manager.direct.getBatch(subjects.streams.events, request);
    sequence = to + 1; // Nothing more, unless something comes.
    for await (const message of batch) {
      texts.set(message.seq, message.string());
      sequence = message.seq + 1;
    }
  }
  return texts;
}
