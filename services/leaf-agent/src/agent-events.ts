import type { Base64, JoinFlags, WsaCode } from '@joinleaf/multipoint';

interface OfMembership {
  /** `conf-7.12.0`, the notification's own identity; null for what no notification told. */
  readonly notification: string | null;
  /** `conf-7.J3`. */
  readonly membership: string;
  readonly session: string;
}

/** What an endpoint's programs hear. */
export type AgentEvent =
  /** A root invites this endpoint. */
  | {
      readonly type: 'FD_ACCEPT';
      /** `conf-7.J3`: to answer it with. */
      readonly invitation: string;
      readonly session: string;
      readonly from: string;
      readonly flags: JoinFlags;
      readonly callerData: Base64 | null;
      readonly deadlineAt: number | null;
    }
  /** An invitation was taken back, or its time is over. */
  | { readonly type: 'WITHDRAWN'; readonly invitation: string; readonly session: string }
  /** The agent accepted an invitation: by its rule, for the program that it asked, or by hand. */
  | ({ readonly type: 'ACCEPTED' } & OfMembership)
  /** The outcome of a join that a program asked for. */
  | ({
      readonly type: 'FD_CONNECT';
      readonly code: WsaCode | null;
      readonly number: number;
      readonly calleeData: Base64 | null;
    } & OfMembership)
  /** The membership is over, and not by our own doing. */
  | ({
      readonly type: 'FD_CLOSE';
      readonly code: WsaCode | null;
      readonly number: number;
    } & OfMembership);

export const base64 = (bytes: Uint8Array | null): Base64 | null =>
  bytes === null ? null : Buffer.from(bytes).toString('base64');

export const bytesOf = (text: Base64 | null | undefined): Uint8Array | undefined =>
  text === null || text === undefined ? undefined : new Uint8Array(Buffer.from(text, 'base64'));
