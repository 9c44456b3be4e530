import { setTimeout as sleep } from 'node:timers/promises';
import type { Invitation, Refused } from '@joinleaf/client';
import type { Base64 } from '@joinleaf/multipoint';
import { base64, bytesOf } from './agent-events.js';
import { askProgram, type AdmissionAnswer, type AdmissionQuestion } from './ask-program.js';
import type { Admission } from './config.js';
import type { Membership } from './memberships.js';
import type { Turns } from './turns.js';

/** The endpoint that was invited. */
export interface Door {
  readonly endpoint: string;
  readonly admission: Admission;
  /** Accepts, with the endpoint's own callee data unless there is other. */
  accept(invitation: Invitation, calleeData?: Uint8Array): Promise<Accepted | Refused>;
  reject(invitation: Invitation): Promise<{ readonly ok: true } | Refused>;
  /** What happened, for a log. */
  tell(news: DoorNews): void;
}

export interface Accepted {
  readonly ok: true;
  readonly membership: Membership;
}

export type DoorNews =
  | { readonly kind: 'answered'; readonly decision: 'accept' | 'reject' | 'defer' }
  | { readonly kind: 'refused'; readonly decision: string; readonly refusal: Refused }
  | { readonly kind: 'program-failed'; readonly problem: string; readonly attempt: number };

const pauseMsMin = 250;
const pauseMsMax = 5_000;

/**
 * Answers one invitation by its endpoint's rule. A program that fails to answer is asked again, later
 * and later, until the invitation is over; meanwhile the invitation is deferred, so its root knows that
 * it waits. After `defer` it waits for somebody to answer by hand.
 */
export async function answerInvitation(
  invitation: Invitation,
  door: Door,
  turns: Turns,
  signal: AbortSignal,
): Promise<void> {
  const { admission } = door;
  if (typeof admission === 'string') {
    await carryOut(invitation, door, { decision: admission });
    return;
  }
  const question = questionOf(invitation, door.endpoint);
  for (let attempt = 1; isOpen(invitation, signal); attempt += 1) {
    const { ask: url, timeoutMs } = admission;
    const asked = await turns.run(() => askProgram(url, question, { timeoutMs, signal }));
    if (asked.ok) {
      await carryOut(invitation, door, asked.answer);
      return;
    }
    if (!isOpen(invitation, signal)) return;
    door.tell({ kind: 'program-failed', problem: asked.problem, attempt });
    if (attempt === 1) await carryOut(invitation, door, { decision: 'defer' });
    const pauseMs = Math.min(pauseMsMin * 2 ** (attempt - 1), pauseMsMax);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

const isOpen = (invitation: Invitation, signal: AbortSignal): boolean =>
  !invitation.expired && !signal.aborted;

interface Decided {
  readonly decision: AdmissionAnswer['decision'];
  readonly calleeData?: Base64 | null;
}

async function carryOut(invitation: Invitation, door: Door, decided: Decided): Promise<void> {
  const { decision } = decided;
  const done = await answer(invitation, door, decided);
  if (done.ok) door.tell({ kind: 'answered', decision });
  else door.tell({ kind: 'refused', decision, refusal: done });
}

function answer(
  invitation: Invitation,
  door: Door,
  { decision, calleeData }: Decided,
): Promise<{ readonly ok: true } | Refused> {
  switch (decision) {
    case 'accept':
      return door.accept(invitation, bytesOf(calleeData));
    case 'reject':
      return door.reject(invitation);
    case 'defer':
      return invitation.defer();
  }
}

function questionOf(invitation: Invitation, endpoint: string): AdmissionQuestion {
  const { session, join, from, flags, callerData, deadlineAt } = invitation;
  return { endpoint, session, join, from, flags, callerData: base64(callerData), deadlineAt };
}
