import type { Damage } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import {
  Cast,
  positionText,
  redecide,
  steps,
  type Decider,
  type Divergence,
  type SessionReplay,
} from '@joinleaf/replay';
import { outcomeWords, replayPage, type Line } from '@joinleaf/transcript';
import { withoutData } from '../record-json.js';
import type { Loaded } from '../sources.js';
import type { Format } from '../terminal.js';

/** What was to be said about one session that was decided again: plain data, so that another thread may have said it. */
export interface SessionReport {
  readonly session: SessionAddress;
  readonly origin: string;
  readonly again: string;
  readonly revision: number;
  readonly decisions: number;
  readonly refusals: number;
  readonly diverged: number;
  readonly damage: Damage | null;
  /** Why the source itself is not all there. */
  readonly trouble: string | null;
  readonly first: { readonly number: number; readonly words: string } | null;
  /** For people; empty where nobody wants it. */
  readonly page: readonly Line[];
  /** What the page is still to be made of, once somebody has all of the history; null where there is nothing to do. */
  readonly unworded: Said | null;
  /** For programs; null where nobody wants it. */
  readonly json: SessionReplay | null;
}

/** How somebody wants it. */
export interface Reporting {
  readonly format: Format;
  /** Columns of a page; null for as many as it takes. */
  readonly width: number | null;
  /** Says nothing about sessions that are as they were recorded. */
  readonly onlyTrouble: boolean;
}

/** What was found about a session, before it is put into words. */
export interface Said {
  readonly replay: SessionReplay;
  /** Why the source itself is not all there. */
  readonly trouble: string | null;
}

type Source = Pick<Loaded, 'history' | 'origin' | 'again' | 'trouble'>;

/** Decides a session again, and says what came of it. */
export function reportOf(source: Source, decider: Decider, reporting: Reporting): SessionReport {
  const { history, trouble } = source;
  const said = { replay: redecide(history, decider), trouble };
  return worded(said, source, reporting, () => Cast.of(steps(history)));
}

/**
 * Says what came of a session.
 *
 * @param cast - Who is who in all of its history; null where nobody has that any more: then `unworded` is what a page would be
 *   made of.
 */
export function worded(
  said: Said,
  { origin, again }: Pick<Loaded, 'origin' | 'again'>,
  reporting: Reporting,
  cast: (() => Cast) | null,
): SessionReport {
  const { replay, trouble } = said;
  const { session, revision, decisions, refusals, diverged, damage, first } = replay;
  const wantsJson = reporting.format === 'json' || reporting.format === 'ndjson';
  const wantsPage = reporting.format === 'page';
  // Only a divergence names anybody.
  const castOf = first === null ? () => new Cast() : cast;
  return {
    session,
    origin,
    again,
    revision,
    decisions,
    refusals,
    diverged,
    damage,
    trouble,
    first: first === null ? null : { number: first.step.number, words: divergenceWords(first) },
    page: wantsPage && castOf !== null ? pageOf(said, castOf(), reporting) : [],
    unworded: wantsPage && castOf === null ? said : null,
    json: wantsJson ? (withoutData(replay) as SessionReplay) : null,
  };
}

/** Whether what is on record about a session is not what was written. */
export const isDamaged = ({
  damage,
  trouble,
}: Pick<SessionReport, 'damage' | 'trouble'>): boolean => damage !== null || trouble !== null;

/** What people read about a session. */
export function pageOf(
  { replay, trouble }: Said,
  cast: Cast,
  { width, onlyTrouble }: Reporting,
): readonly Line[] {
  const { diverged, damage } = replay;
  if (onlyTrouble && diverged === 0 && !isDamaged({ damage, trouble })) return [];
  const telling = { width, reveal: false, redacted: false };
  return replayPage(replay, cast, telling, trouble);
}

function divergenceWords({ step, verdict, recorded, recomputed }: Divergence): string {
  const where = step.kind === 'decision' ? positionText(step) : 'a refusal';
  const now = recomputed === null ? 'nothing' : outcomeWords(recomputed);
  return `diverged at record #${String(step.number)} (${where}), ${verdict}: recorded ${outcomeWords(recorded)}; recomputed ${now}`;
}
