import { checkChain, fold, type StoredCommit } from '@joinleaf/event-log';
import { JetStreamLog } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Stage } from './stage.js';

/** Reads the sessions back: chains whole, nobody twice, and as many members as joins were answered. */
export async function check(
  { services: nc, subjects }: Stage,
  addresses: readonly SessionAddress[],
  joined: number,
): Promise<string | null> {
  const log = new JetStreamLog({ nc, subjects });
  let members = 0;
  for (const address of addresses) {
    const commits: StoredCommit[] = [];
    for await (const commit of log.read(address)) commits.push(commit);
    const chain = checkChain(commits);
    if (!chain.ok)
      return `${address}: ${chain.error.kind} at revision ${String(chain.error.revision)}`;
    const { session } = fold(commits);
    if (session.phase !== 'open') return `${address} is ${session.phase}`;
    members += session.members.size;
  }
  return members === joined
    ? null
    : `${String(members)} members and ${String(joined)} joins that were answered`;
}
