import type { Basis, Decided } from '@joinleaf/event-log';
import {
  answer,
  decide,
  evolve,
  type Answer,
  type Refusal,
  type Rule,
  type Session,
  type SessionCommand,
} from '@joinleaf/multipoint';
import { issuerOf } from './issuer.js';

/** A command on its way to a decision. */
export interface Asked {
  readonly commandId: string;
  readonly command: SessionCommand;
}

/** An accepted command as the log keeps it, and where. */
export interface Remembered {
  readonly revision: number;
  readonly decided: Decided;
}

export interface Accepted {
  readonly kind: 'accepted';
  /** The commit that holds the decision; the session's revision when nothing had to change. */
  readonly revision: number;
  readonly rule: Rule;
  readonly answer: Answer;
}

export interface Refused {
  readonly kind: 'refused';
  readonly command: SessionCommand;
  readonly refusal: Refusal;
  readonly basedOn: Basis;
}

export type Verdict = Accepted | Refused;

export interface BatchPlan {
  /** What is to be stored, as one commit; empty when nothing has to be. */
  readonly decisions: readonly Decided[];
  /** One verdict for each command, in order. They hold once `decisions` are stored. */
  readonly verdicts: readonly Verdict[];
  readonly after: Session;
  /** Whether every verdict repeats an earlier one: then it holds whatever happened since. */
  readonly onlyRepeats: boolean;
}

export interface BatchInput {
  readonly session: Session;
  readonly revision: number;
  readonly asked: readonly Asked[];
  /** Looks up what a command was told before. */
  readonly earlier: (commandId: string) => Remembered | Refused | undefined;
}

/**
 * Decides commands in order, each on the state that the ones before it leave. Pure. A command that was
 * decided before, or earlier in the same batch, gets the same answer again (H9).
 */
export function decideBatch({ session, revision, asked, earlier }: BatchInput): BatchPlan {
  const decisions: Decided[] = [];
  const verdicts: Verdict[] = [];
  const inBatch = new Map<string, Remembered | Refused>();
  let state = session;
  let repeats = 0;

  for (const { commandId, command } of asked) {
    const basedOn = { revision, decisions: decisions.length };
    const before = earlier(commandId) ?? inBatch.get(commandId);
    if (before !== undefined) {
      repeats += 1;
      verdicts.push(repeated(before, command, basedOn));
      continue;
    }
    const decision = decide(command, state);
    if (!decision.ok) {
      const refused: Refused = { kind: 'refused', command, refusal: decision.error, basedOn };
      inBatch.set(commandId, refused);
      verdicts.push(refused);
      continue;
    }
    const { rule, events } = decision.value;
    const at = decisions.length > 0 || events.length > 0 ? revision + 1 : revision;
    verdicts.push({ kind: 'accepted', revision: at, rule, answer: answer(command, events) });
    if (events.length === 0) continue;
    const decided: Decided = { commandId, command, rule, events };
    decisions.push(decided);
    inBatch.set(commandId, { revision: at, decided });
    state = events.reduce(evolve, state);
  }
  return { decisions, verdicts, after: state, onlyRepeats: repeats === asked.length };
}

// The answer is the earlier one, but only for who asked: an id is no key to somebody else's outcome.
function repeated(before: Remembered | Refused, command: SessionCommand, basedOn: Basis): Verdict {
  const first = 'decided' in before ? before.decided.command : before.command;
  if (issuerOf(first) !== issuerOf(command)) {
    return { kind: 'refused', command, refusal: { code: 'WSAEINVAL', rule: 'H9' }, basedOn };
  }
  return 'decided' in before ? recalled(before) : before;
}

/** The verdict on a command that the log holds. */
export function recalled({ revision, decided }: Remembered): Accepted {
  const { command, rule, events } = decided;
  return { kind: 'accepted', revision, rule, answer: answer(command, events) };
}
