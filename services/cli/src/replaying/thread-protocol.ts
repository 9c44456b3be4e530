import type { RefusalRecord } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { PackedMessages } from './packed-messages.js';
import type { Reporting, SessionReport } from './session-report.js';

// What the main thread and those that decide say to each other. Messages of a session come in their order.

/** What a thread begins with. */
export interface ThreadSetup {
  /** The module of another law; undefined for the one in force. */
  readonly against: string | undefined;
  readonly cwd: string;
  readonly reporting: Reporting;
}

export type ToThread =
  /** A session begins whose messages follow, decided as they come. */
  | {
      readonly kind: 'session';
      readonly session: SessionAddress;
      readonly refusals: readonly RefusalRecord[];
    }
  /** Messages of the stream, of any sessions that have begun. */
  | { readonly kind: 'messages'; readonly messages: PackedMessages }
  /** That was all of a session. */
  | {
      readonly kind: 'finish';
      readonly session: SessionAddress;
      readonly origin: string;
      readonly again: string;
    }
  /** Commits that were read already, as JSON: the next ones of the history that is decided next. */
  | { readonly kind: 'commits'; readonly json: Uint8Array<ArrayBuffer> }
  /** The rest of that history. */
  | {
      readonly kind: 'decide';
      readonly session: SessionAddress;
      readonly refusals: readonly RefusalRecord[];
      readonly origin: string;
      readonly again: string;
      /** Why the source is not all there, where that was found before. */
      readonly trouble: string | null;
    };

/** What is answered by a report. */
export type Question = Extract<ToThread, { readonly kind: 'finish' | 'decide' }>;

export type FromThread =
  /** `messages` are done with. */
  | { readonly kind: 'taken' }
  /** The answers to questions, in their order. */
  | { readonly kind: 'report'; readonly report: SessionReport }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };
