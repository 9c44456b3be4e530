import { isSessionAddress, type SessionAddress } from '@joinleaf/multipoint';
import { parseBasis } from './history.js';
import type { Step } from './steps.js';

/** Which record somebody asks about. */
export type Question =
  /** `conf-7#6`, the number in a log or ladder. */
  | { readonly kind: 'number'; readonly number: number }
  /** `conf-7@5`, or `conf-7@5.2` for the second decision of commit 5. */
  | { readonly kind: 'position'; readonly revision: number; readonly place: number | null }
  | { readonly kind: 'command'; readonly commandId: string }
  | { readonly kind: 'last-refused' };

/** Reads `conf-7#6`, `conf-7@5` or `conf-7@5.2`; null for text that is no such thing. */
export function parseQuestion(
  text: string,
): { readonly session: SessionAddress; readonly question: Question } | null {
  const match = /^(@?[A-Za-z0-9_-]{1,64})(?:#(\d{1,9})|@([\d.]{1,30}))$/.exec(text);
  const session = match?.[1];
  if (match === null || session === undefined || !isSessionAddress(session)) return null;
  if (match[2] !== undefined) {
    return { session, question: { kind: 'number', number: Number(match[2]) } };
  }
  const basis = parseBasis(match[3] ?? '');
  if (basis === null || (basis.revision === 0 && basis.decisions === 0)) return null;
  const { revision, decisions } = basis;
  const question: Question =
    decisions === 0
      ? { kind: 'position', revision, place: null }
      : { kind: 'position', revision: revision + 1, place: decisions };
  return { session, question };
}

/**
 * The record that is asked about; undefined when there is none. A command that was refused more than
 * once, on different states, is represented by its last record.
 */
export function findStep(steps: readonly Step[], question: Question): Step | undefined {
  switch (question.kind) {
    case 'number':
      return steps.find(({ number }) => number === question.number);
    case 'position':
      return steps.find(
        (step) =>
          step.kind === 'decision' &&
          step.commit.revision === question.revision &&
          step.place === (question.place ?? 1),
      );
    case 'command':
      return steps.findLast((step) => commandIdOf(step) === question.commandId);
    case 'last-refused':
      return steps.findLast(({ kind }) => kind === 'refusal');
  }
}

export const commandIdOf = (step: Step): string =>
  step.kind === 'decision' ? step.decided.commandId : step.refusal.commandId;
