import { LogRegressed, UnreadableCommit } from '@joinleaf/event-log';
import type { Refusal } from '@joinleaf/multipoint';

// What keeps an arbiter from deciding, in the words of the law.

/** Whether the log lost or changed what was stored. */
export const isDamage = (cause: unknown): cause is LogRegressed | UnreadableCommit =>
  cause instanceof LogRegressed || cause instanceof UnreadableCommit;

export const damaged = (damage: string): Refusal => ({
  code: 'WSAENETDOWN',
  rule: 'H14',
  facts: { damage },
});

export function outOfReach(cause: unknown): Refusal {
  const name = cause instanceof Error ? cause.name : 'unknown';
  return { code: 'WSAENETDOWN', rule: 'E2', facts: { cause: name } };
}

export const notKept = (reason: 'too-large' | 'log-full', decisions: number): Refusal =>
  reason === 'too-large'
    ? { code: 'WSAEFAULT', rule: 'H11', facts: { decisions } }
    : { code: 'WSAENOBUFS', rule: 'E12', facts: { log: 'full' } };
