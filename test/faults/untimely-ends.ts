import type { StoredCommit } from '@joinleaf/event-log';
import type { World } from './world.js';

/** How much earlier or later than its deadline a join may end, by the clock of the broker. */
const toleranceMs = 1_000;

/**
 * Joins that timed out long before their time, or still wait long after it. What an arbiter believes the time to be
 * must not decide about that: the broker's clock says when each commit was stored.
 *
 * @param before - How many commits there were when clocks began to differ.
 */
export async function untimelyEnds(world: World, before: number): Promise<readonly string[]> {
  const { commits } = await world.deployment.records();
  const waiting = new Map<string, { readonly askedAt: number; readonly timeMs: number }>();
  const findings: string[] = [];
  for (const { commit, event, command } of eventsIn(commits.slice(before))) {
    if (event.type === 'JoinRequested' && event.deadlineAt !== null && 'now' in command) {
      const timeMs = event.deadlineAt - command.now;
      waiting.set(keyOf(commit, event.join), { askedAt: commit.storedAt, timeMs });
    } else if (event.type === 'JoinFailed' && event.code === 'WSAETIMEDOUT') {
      const asked = waiting.get(keyOf(commit, event.join));
      if (asked === undefined) continue;
      const tookMs = commit.storedAt - asked.askedAt;
      if (Math.abs(tookMs - asked.timeMs) <= toleranceMs) continue;
      const key = keyOf(commit, event.join);
      findings.push(`${key} timed out after ${String(tookMs)} ms of ${String(asked.timeMs)}`);
    }
  }
  return findings;
}

const keyOf = ({ session }: StoredCommit, join: string): string => `${session} ${join}`;

const eventsIn = (commits: readonly StoredCommit[]) =>
  commits.flatMap((commit) =>
    commit.decisions.flatMap(({ command, events }) =>
      events.map((event) => ({ commit, command, event })),
    ),
  );
