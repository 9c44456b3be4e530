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
  /** Messages of the stream, of any sessions. */
  | { readonly kind: 'messages'; readonly messages: PackedMessages }
  /** Commits that were read already, as JSON: the next ones of what is kept under `key`. */
  | {
      readonly kind: 'commits';
      readonly key: string;
      readonly session: SessionAddress;
      readonly json: Uint8Array<ArrayBuffer>;
    }
  /** That was all of it. */
  | {
      readonly kind: 'decide';
      readonly key: string;
      readonly session: SessionAddress;
      readonly refusals: readonly RefusalRecord[];
      readonly origin: string;
      readonly again: string;
      /** Why the source is not all there, where that was found before. */
      readonly trouble: string | null;
    };

/** The answers to `decide`, in the order of the questions. */
export type FromThread =
  | { readonly kind: 'report'; readonly report: SessionReport }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };
