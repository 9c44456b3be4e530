import { winsockPolicy, type SessionAddress, type SocketId } from '@joinleaf/multipoint';
import {
  emptyHead,
  headOf,
  sealCommit,
  type AppendOutcome,
  type ChainedCommit,
  type Decided,
  type Draft,
  type EventLog,
  type Head,
  type ReadOptions,
  type StoredCommit,
} from '../index.js';

const root = 'ada/1k3f9x/1' as SocketId;
let drafts = 0;

/** A draft that can be stored after `head`, with an id that no other draft has. */
export function draftAfter(head: Head, session: SessionAddress, decisions = 1): Draft {
  drafts += 1;
  const commitId = `draft-${String(drafts)}-${unique}`;
  return {
    commitId,
    arbiter: 'arbiter-1',
    decider: 'multipoint/1',
    decidedAt: 1_766_000_000_000 + drafts,
    decisions: Array.from({ length: decisions }, (_, index) =>
      decided(head, session, `${commitId}-${String(index)}`, index),
    ),
  };
}

/** A first draft that takes exactly so many bytes when it is stored: whole decisions, then longer ids. */
export function draftOfBytes(session: SessionAddress, bytes: number): Draft {
  const missingIn = (draft: Draft) =>
    bytes - bytesOf(JSON.stringify(sealCommit(session, emptyHead, draft))).length;
  let count = Math.ceil(bytes / 200);
  let draft = draftAfter(emptyHead, session, count);
  let missing = missingIn(draft);
  while (missing < 0) {
    count -= Math.ceil(-missing / 400);
    draft = { ...draft, decisions: draft.decisions.slice(0, count) };
    missing = missingIn(draft);
  }
  const decisions = draft.decisions.map((one) => {
    const filling = Math.min(missing, 64 - one.commandId.length);
    missing -= filling;
    return { ...one, commandId: one.commandId + 'x'.repeat(filling) };
  });
  return { ...draft, decisions };
}

// Test files run side by side on one broker, and again on the same one.
const unique = Math.random().toString(36).slice(2, 10);

/** A session that no other test knows. */
export const newSession = (name = 'conf'): SessionAddress => {
  drafts += 1;
  return `${name}-${unique}-${String(drafts)}` as SessionAddress;
};

function decided(head: Head, session: SessionAddress, commandId: string, index: number): Decided {
  if (head.revision === 0 && index === 0) {
    const opening = {
      address: session,
      root,
      control: 'rooted',
      data: 'nonrooted',
      policy: winsockPolicy,
    } as const;
    return {
      commandId,
      command: { type: 'OpenSession', ...opening },
      rule: 'R31',
      events: [{ type: 'SessionOpened', incarnation: 1, ...opening }],
    };
  }
  const backlog = head.revision + index + 1;
  return {
    commandId,
    command: { type: 'Listen', root, backlog },
    rule: 'R32',
    events: [{ type: 'ListenStarted', backlog }],
  };
}

/** Appends a fresh draft that nobody contests. */
export async function appended(
  log: EventLog,
  session: SessionAddress,
  head: Head,
  decisions = 1,
): Promise<ChainedCommit> {
  return stored(await log.append(session, head, draftAfter(head, session, decisions)));
}

export function stored(outcome: AppendOutcome): ChainedCommit {
  if (outcome.kind !== 'ok') throw new Error(`not stored: ${JSON.stringify(outcome)}`);
  return outcome.commit;
}

/** Appends `count` commits, one after the other. */
export async function grown(
  log: EventLog,
  session: SessionAddress,
  count: number,
): Promise<readonly ChainedCommit[]> {
  const commits: ChainedCommit[] = [];
  let head = emptyHead;
  for (let i = 0; i < count; i += 1) {
    const commit = await appended(log, session, head);
    commits.push(commit);
    head = headOf(commit);
  }
  return commits;
}

export async function readAll(
  log: EventLog,
  session: SessionAddress,
  options?: ReadOptions,
): Promise<readonly StoredCommit[]> {
  const commits: StoredCommit[] = [];
  for await (const commit of log.read(session, options)) commits.push(commit);
  return commits;
}

/** An element that must be there; -1 is the last one. */
export function nth<T>(list: readonly T[], index: number): T {
  const element = list.at(index);
  if (element === undefined) throw new Error(`there is no element ${String(index)}`);
  return element;
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
