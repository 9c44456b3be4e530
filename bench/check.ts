import { checkChain, fold, type StoredCommit } from '@joinleaf/event-log';
import { JetStreamLog } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Stage } from './stage.js';

/** Reads the sessions back: each is sound, and together they have as many members as joins were answered. */
export async function check(
  { services: nc, subjects }: Pick<Stage, 'services' | 'subjects'>,
  addresses: readonly SessionAddress[],
  joined: number,
): Promise<string | null> {
  const log = new JetStreamLog({ nc, subjects });
  let members = 0;
  for (const address of addresses) {
    const commits: StoredCommit[] = [];
    for await (const commit of log.read(address)) commits.push(commit);
    const found = readBack(address, commits);
    if (found.problem !== null) return found.problem;
    members += found.members;
  }
  return members === joined
    ? null
    : `${String(members)} members and ${String(joined)} joins that were answered`;
}

/** The same for groups of sessions, whose joins were counted apart. */
export async function checkEach(
  stage: Stage,
  opened: readonly {
    readonly addresses: readonly SessionAddress[];
    readonly joined: number;
  }[],
): Promise<string | null> {
  for (const { addresses, joined } of opened) {
    const problem = await check(stage, addresses, joined);
    if (problem !== null) return problem;
  }
  return null;
}

export type ReadBack =
  { readonly problem: null; readonly members: number } | { readonly problem: string };

/** A session is sound: its chain is whole, no command was decided twice, it is open, and no fuller than its capacity. */
export function readBack(address: SessionAddress, commits: readonly StoredCommit[]): ReadBack {
  const chain = checkChain(commits);
  if (!chain.ok) {
    const { kind, revision } = chain.error;
    return { problem: `${address}: ${kind} at revision ${String(revision)}` };
  }
  const { session } = fold(commits);
  if (session.phase !== 'open') return { problem: `${address} is ${session.phase}` };
  const { members, policy } = session;
  if (policy.capacity !== null && members.size > policy.capacity) {
    const places = String(policy.capacity);
    return { problem: `${address} has ${String(members.size)} members and room for ${places}` };
  }
  return { problem: null, members: members.size };
}
