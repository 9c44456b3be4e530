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

type Source = Pick<Loaded, 'history' | 'origin' | 'again' | 'trouble'>;

/** Decides a session again, and says what came of it. */
export function reportOf(source: Source, decider: Decider, reporting: Reporting): SessionReport {
  const { history, origin, again, trouble } = source;
  const replay = redecide(history, decider);
  const { session, revision, decisions, refusals, diverged, damage, first } = replay;
  const wantsJson = reporting.format === 'json' || reporting.format === 'ndjson';
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
    page: reporting.format === 'page' ? pageOf(source, replay, reporting) : [],
    json: wantsJson ? (withoutData(replay) as SessionReplay) : null,
  };
}

/** Whether what is on record about a session is not what was written. */
export const isDamaged = ({
  damage,
  trouble,
}: Pick<SessionReport, 'damage' | 'trouble'>): boolean => damage !== null || trouble !== null;

function pageOf(
  { history, trouble }: Source,
  replay: SessionReplay,
  { width, onlyTrouble }: Reporting,
): readonly Line[] {
  const { diverged, damage } = replay;
  if (onlyTrouble && diverged === 0 && !isDamaged({ damage, trouble })) return [];
  const telling = { width, reveal: false, redacted: false };
  return replayPage(replay, Cast.of(steps(history)), telling, trouble);
}

function divergenceWords({ step, verdict, recorded, recomputed }: Divergence): string {
  const where = step.kind === 'decision' ? positionText(step) : 'a refusal';
  const now = recomputed === null ? 'nothing' : outcomeWords(recomputed);
  return `diverged at record #${String(step.number)} (${where}), ${verdict}: recorded ${outcomeWords(recorded)}; recomputed ${now}`;
}
