import type { Arbiter, Housekeeping, NodeKeeper, Partitions } from '@joinleaf/arbiter';
import type { ServiceContext } from '@joinleaf/nest-kit';
import type { SessionConfig } from './config.js';

interface Watched {
  readonly arbiter: Arbiter;
  readonly partitions: Partitions;
  readonly housekeeping: Housekeeping;
  readonly nodes: NodeKeeper;
}

/** What an operator can see of an arbiter. Arbiters that differ are told of, and go on: that is how one is replaced. */
export function watchOver(
  { metrics, health }: ServiceContext<SessionConfig>,
  { arbiter, partitions, housekeeping, nodes }: Watched,
): void {
  health.note('arbiters', () => partitions.mismatches.join('; ') || null);
  const numbers = [
    ['sessions_in_memory', 'Sessions that this arbiter holds.', () => arbiter.sessionsInMemory],
    ['arbiters_live', 'Arbiters that are alive, this one too.', () => partitions.others.length + 1],
    [
      'arbiters_mismatched',
      'Differences in law, settings or names among them.',
      () => partitions.mismatches.length,
    ],
    ['partitions_owned', 'Partitions that are ours.', () => partitions.ownedCount],
    ['partitions_heard', 'Partitions whose commands arrive here.', () => partitions.heardCount],
    ['housekeeping_backlog', 'Deadlines and losses in hand.', () => housekeeping.backlog],
    ['nodes_up', 'Nodes that count as alive.', () => nodes.figures.up],
    ['nodes_suspected', 'Those of them that are silent.', () => nodes.figures.suspected],
  ] as const;
  for (const [name, help, read] of numbers) metrics.gauge(`joinleaf_${name}`, help, read);
}
