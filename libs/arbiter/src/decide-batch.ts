import type { Basis, Decided } from '@joinleaf/event-log';
import {
  answer,
  decide,
  err,
  evolve,
  type Answer,
  type Decision,
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
  /**
   * Whether an earlier try of it may be on its way to the log: then its refusal is stored too, under the head
   * that the earlier try would need.
   */
  readonly isRepeat?: boolean;
  /** Why it is refused whatever the session says (H10); null or absent: the session decides. */
  readonly refusal?: Refusal | null;
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
  /** Whether the log holds every verdict already: then it holds whatever happened since. */
  readonly onlyRecalled: boolean;
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
  // Once for each command, however many of its tries wait side by side: an id is on record once.
  const keep = (decided: Decided) => {
    inBatch.set(decided.commandId, { revision: revision + 1, decided });
    decisions.push(decided);
  };
  let state = session;
  let onRecord = 0;

  for (const { commandId, command, isRepeat = false, refusal = null } of asked) {
    const basedOn = { revision, decisions: decisions.length };
    const before = inBatch.get(commandId) ?? earlier(commandId);
    if (before !== undefined) {
      const verdict = repeated(before, command, basedOn);
      verdicts.push(verdict);
      if ('decided' in before) onRecord += 1;
      else if (isRepeat && verdict === before) keep(settledNo(commandId, before));
      continue;
    }
    const decision: Decision = refusal === null ? decide(command, state) : err(refusal);
    if (!decision.ok) {
      const refused: Refused = { kind: 'refused', command, refusal: decision.error, basedOn };
      inBatch.set(commandId, refused);
      if (isRepeat) keep(settledNo(commandId, refused));
      verdicts.push(refused);
      continue;
    }
    const { rule, events } = decision.value;
    if (events.length > 0) keep({ commandId, command, rule, events });
    else if (isRepeat) keep(settledYes({ commandId, command, rule, basedOn }));
    const at = decisions.length > 0 ? revision + 1 : revision;
    verdicts.push({ kind: 'accepted', revision: at, rule, answer: answer(command, events) });
    state = events.reduce(evolve, state);
  }
  return { decisions, verdicts, after: state, onlyRecalled: onRecord === asked.length };
}

// The answer is the earlier one, but only for who asked: an id is no key to somebody else's outcome.
function repeated(before: Remembered | Refused, command: SessionCommand, basedOn: Basis): Verdict {
  const first = 'decided' in before ? before.decided.command : before.command;
  if (issuerOf(first) !== issuerOf(command)) {
    return { kind: 'refused', command, refusal: { code: 'WSAEINVAL', rule: 'H9' }, basedOn };
  }
  return 'decided' in before ? recalled(before) : before;
}

// As events, so that they take the place in the log that an earlier try of the command would need.
function settledNo(commandId: string, { command, refusal, basedOn }: Refused): Decided {
  const { code, rule, facts = null } = refusal;
  return { commandId, command, rule, events: [{ type: 'CommandSettled', code, facts, basedOn }] };
}

function settledYes({
  basedOn,
  ...decided
}: Omit<Decided, 'events'> & { basedOn: Basis }): Decided {
  return { ...decided, events: [{ type: 'CommandSettled', code: null, facts: null, basedOn }] };
}

/** The verdict on a command that the log holds. */
export function recalled({ revision, decided }: Remembered): Verdict {
  const { command, rule, events } = decided;
  const [first] = events;
  if (first?.type === 'CommandSettled' && first.code !== null) {
    const { code, facts, basedOn } = first;
    const refusal: Refusal = facts === null ? { code, rule } : { code, rule, facts };
    return { kind: 'refused', command, refusal, basedOn };
  }
  return { kind: 'accepted', revision, rule, answer: answer(command, events) };
}
