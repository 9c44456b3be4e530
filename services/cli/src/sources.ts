import type { NodeLife, Redaction } from '@joinleaf/capture';
import type { History } from '@joinleaf/replay';
import { exitCodes, Trouble } from './exit-codes.js';
import type { Settings } from './settings.js';
import { quoted, shellName, type Target } from './targets.js';

/** A history, and where it is from. */
export interface Loaded {
  readonly history: History;
  /** For headings: the server, or the file. */
  readonly origin: string;
  /** What somebody types to see it again. */
  readonly again: string;
  /** What was taken out of a capture; null for the real thing. */
  readonly redaction: Redaction | null;
  /** Why the source ends before its end, if it does. */
  readonly trouble: string | null;
  readonly nodes: readonly NodeLife[];
}

export interface Loading {
  readonly settings: () => Settings;
  readonly signal: AbortSignal;
  /** Which session of a capture, where it holds several. */
  readonly session?: string | undefined;
}

/** What names one session of a capture. */
export const againIn = (
  target: Extract<Target, { kind: 'file' }>,
  session: string,
  sessions: number,
): string =>
  sessions === 1 ? shellName(target) : `${shellName(target)} --session ${quoted(session)}`;

/** A capture holds several sessions, or not the one that was named. */
export function whichSession(
  path: string,
  names: readonly string[],
  wanted: string | undefined,
): Trouble {
  const list = names.length === 0 ? 'it holds no session' : `it holds ${names.join(', ')}`;
  return wanted === undefined
    ? new Trouble(exitCodes.usage, `${path} holds ${String(names.length)} sessions`, [
        list,
        'say which one: --session NAME',
      ])
    : new Trouble(exitCodes.notFound, `there is no session ${wanted} in ${path}`, [list]);
}

/** A stored message that is no commit. */
export interface Unreadable {
  readonly subject: string;
  readonly sequence: number;
  readonly reason: string;
}

export const troubleOf = ({ sequence, reason }: Unreadable): string =>
  `message ${String(sequence)} of the stream is no commit: ${reason}`;
