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
  /** Its place among the decisions of its commit, from 0. */
  readonly index: number;
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
  let state = session;
  let onRecord = 0;
  // Once for each command, however many of its tries wait side by side: an id is on record once.
  const kept = new Set<string>();
  const keep = (commandId: string, refused: Refused): void => {
    if (kept.has(commandId)) return;
    kept.add(commandId);
    decisions.push(keptRefusal(commandId, refused));
  };

  for (const { commandId, command, isRepeat = false, refusal = null } of asked) {
    const basedOn = { revision, decisions: decisions.length };
    const before = earlier(commandId) ?? inBatch.get(commandId);
    if (before !== undefined) {
      const verdict = repeated(before, command, basedOn);
      verdicts.push(verdict);
      if ('decided' in before) onRecord += 1;
      else if (isRepeat && verdict === before) keep(commandId, before);
      continue;
    }
    const decision: Decision = refusal === null ? decide(command, state) : err(refusal);
    if (!decision.ok) {
      const refused: Refused = { kind: 'refused', command, refusal: decision.error, basedOn };
      inBatch.set(commandId, refused);
      verdicts.push(refused);
      if (isRepeat) keep(commandId, refused);
      continue;
    }
    const { rule, events } = decision.value;
    const at = decisions.length > 0 || events.length > 0 ? revision + 1 : revision;
    verdicts.push({ kind: 'accepted', revision: at, rule, answer: answer(command, events) });
    if (events.length === 0) continue;
    const decided: Decided = { commandId, command, rule, events };
    inBatch.set(commandId, { revision: at, index: decisions.length, decided });
    decisions.push(decided);
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

// As an event, so that it takes the place in the log that an earlier try of the command would need.
function keptRefusal(commandId: string, { command, refusal }: Refused): Decided {
  const { code, rule, facts = null } = refusal;
  return { commandId, command, rule, events: [{ type: 'CommandRefused', code, facts }] };
}

/** The verdict on a command that the log holds. */
export function recalled({ revision, index, decided }: Remembered): Verdict {
  const { command, rule, events } = decided;
  const [first] = events;
  if (first?.type === 'CommandRefused') {
    const { code, facts } = first;
    const refusal: Refusal = facts === null ? { code, rule } : { code, rule, facts };
    return {
      kind: 'refused',
      command,
      refusal,
      basedOn: { revision: revision - 1, decisions: index },
    };
  }
  return { kind: 'accepted', revision, rule, answer: answer(command, events) };
}
