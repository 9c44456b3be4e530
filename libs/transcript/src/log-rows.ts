import { evolve, type Notification, type Session } from '@joinleaf/multipoint';
import {
  because,
  positionText,
  ruleSentence,
  stateWords,
  toldBy,
  type Actor,
  type Cast,
  type DecisionStep,
  type RefusalStep,
  type Step,
} from '@joinleaf/replay';
import type { Extract } from './telling.js';
import { eventWords, notificationWords, type DataTelling } from './words.js';

/** One line of a log. Only the first line of a record carries its number. */
export interface LogRow {
  readonly number: number | null;
  /** `12`, `12.2` in a commit of several decisions, `–` for what is not in the log. */
  readonly revision: string;
  /** Milliseconds since the Unix epoch, as the arbiter noted it. */
  readonly at: number | null;
  readonly who: string;
  readonly what: string;
  readonly detail: string;
  readonly kind: 'event' | 'refusal' | 'late' | 'told' | 'state';
}

export interface LogTelling extends DataTelling {
  /** Say who hears what. */
  readonly told: boolean;
  /** Say what is believed afterwards. */
  readonly state: boolean;
  /** Do not shorten long records. */
  readonly all: boolean;
}

const rowsMax = 12;

/** A refusal that answers something already over: it came too late to matter. */
export const isLate = ({ refusal }: RefusalStep): boolean =>
  refusal.rule === 'R87' || refusal.rule === 'H10';

/** The revision that a record belongs to: of its commit, or of the state it was refused on. */
export const revisionOf = (step: Step): number =>
  step.kind === 'decision'
    ? step.commit.revision
    : step.basis.revision + (step.basis.decisions > 0 ? 1 : 0);

/** When a record was decided, at the arbiter. */
export const timeOf = (step: Step): number =>
  step.kind === 'decision' ? step.commit.decidedAt : step.refusal.decidedAt;

/** Who acts, short: `root`, `bob:1`, `timer`. */
export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case 'leaf':
      return actor.endpoint;
    case 'stranger':
      return actor.name;
    case 'root':
    case 'operator':
    case 'timer':
    case 'detector':
      return actor.kind;
  }
}

/** Whether a record belongs to the part of the history that is wanted. */
export function isWanted(step: Step, { from, to }: Extract): boolean {
  const revision = revisionOf(step);
  return (from === undefined || revision >= from) && (to === undefined || revision <= to);
}

export function logRows(step: Step, cast: Cast, telling: LogTelling): readonly LogRow[] {
  return step.kind === 'refusal' ? [refusalRow(step, cast)] : decisionRows(step, cast, telling);
}

function refusalRow(step: RefusalStep, cast: Cast): LogRow {
  const { refusal, before, number } = step;
  const { command, code, rule } = refusal;
  const why = before === null ? [] : because({ refusal, before, cast });
  const reason = why[0] ?? ruleSentence(rule) ?? '';
  return {
    number,
    revision: '–',
    at: refusal.decidedAt,
    who: actorName(cast.actorOf(command)),
    what: `✗ ${code}`,
    detail: `${command.type}: ${reason} (${rule})`,
    kind: isLate(step) ? 'late' : 'refusal',
  };
}

function decisionRows(step: DecisionStep, cast: Cast, telling: LogTelling): readonly LogRow[] {
  const { decided, commit, before, after, number } = step;
  const who = actorName(cast.actorOf(decided.command));
  const events = eventRows(step, cast, telling);
  const told = telling.told ? toldRows(toldBy(before, decided.events), cast, telling) : [];
  const state = telling.state ? [plainRow('state', `= ${stateWords(after)}`)] : [];
  const [first, ...rest] = shortened(events, telling.all);
  if (first === undefined) return [];
  const revision = positionText(step).slice(1);
  return [
    { ...first, number, revision, at: commit.decidedAt, who },
    ...rest,
    ...shortened(told, telling.all),
    ...state,
  ];
}

function eventRows(step: DecisionStep, cast: Cast, telling: LogTelling): readonly LogRow[] {
  let session: Session = step.before;
  return step.decided.events.map((event) => {
    const detail = eventWords(event, session, cast, telling);
    session = evolve(session, event);
    return { ...blank, what: event.type, detail, kind: 'event' };
  });
}

function toldRows(
  told: readonly Notification[],
  cast: Cast,
  telling: LogTelling,
): readonly LogRow[] {
  return told.map((one) => plainRow('told', `> ${notificationWords(one, cast, telling)}`));
}

const blank = { number: null, revision: '', at: null, who: '' } as const;

const plainRow = (kind: 'told' | 'state', detail: string): LogRow => ({
  ...blank,
  what: '',
  detail,
  kind,
});

// A session that closes tells everybody: thousands of lines that say the same.
function shortened(rows: readonly LogRow[], all: boolean): readonly LogRow[] {
  if (all || rows.length <= rowsMax) return rows;
  const rest = rows.length - rowsMax + 1;
  const more = {
    ...blank,
    what: '',
    detail: `… ${String(rest)} more (--full)`,
    kind: 'told',
  } as const;
  return [...rows.slice(0, rowsMax - 1), more];
}
