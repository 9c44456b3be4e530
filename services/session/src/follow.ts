import type { Housekeeping, NodeKeeper } from '@joinleaf/arbiter';
import type { NodeLog } from '@joinleaf/jetstream-log';

export interface Followers {
  readonly stopping: AbortSignal;
  /** Called for a record of a node's life that cannot be read. */
  unreadable(sequence: number, reason: string): void;
  /** Called when reading cannot go on: without it, deadlines and losses would be missed. */
  fail(cause: unknown): void;
}

/**
 * Begins to read the log and the lives of nodes, and returns when both were read to their ends:
 * outstanding joins, and who is where, are known before anything is served.
 */
export async function followUntilCaughtUp(
  followers: Followers,
  housekeeping: Housekeeping,
  nodes: NodeKeeper,
  book: NodeLog,
): Promise<void> {
  const { stopping } = followers;
  // Sessions first: a node that turns out to be lost is looked for in them.
  await untilCaughtUp(followers, (caughtUp) => housekeeping.follow(stopping, caughtUp));
  await untilCaughtUp(followers, async (caughtUp) => {
    for await (const item of book.follow({ signal: stopping })) {
      if (item.kind === 'record') nodes.hear(item.record, item.sequence);
      if (item.kind === 'unreadable') followers.unreadable(item.sequence, item.reason);
      if (item.kind === 'caught-up') caughtUp();
    }
  });
}

async function untilCaughtUp(
  followers: Followers,
  follow: (caughtUp: () => void) => Promise<void>,
): Promise<void> {
  const caughtUp = Promise.withResolvers<undefined>();
  const resolve = () => {
    caughtUp.resolve(undefined);
  };
  // Asked to stop before the end was reached, reading ends too.
  follow(resolve).then(resolve, (cause: unknown) => {
    caughtUp.reject(cause);
    followers.fail(cause);
  });
  await caughtUp.promise;
}
