import { refusalMessage, type Refusal, type SessionAddress } from '@joinleaf/multipoint';
import type { Basis } from '@joinleaf/event-log';
import { refusedReply, type RefusedReply, type Reply } from '@joinleaf/wire';
import type { Outcome } from './session-mailbox.js';

/** Whose command is answered; null where the request was too malformed to say. */
export interface Addressee {
  readonly session: SessionAddress | null;
  readonly commandId: string | null;
}

/** Words an outcome for the wire. */
export function toReply(session: SessionAddress, commandId: string, outcome: Outcome): Reply {
  switch (outcome.kind) {
    case 'accepted': {
      const { revision, rule, answer } = outcome;
      return { v: 1, ok: true, session, commandId, revision, rule, answer };
    }
    case 'refused':
      return refusalReply({ session, commandId }, outcome.refusal, outcome.basedOn);
    case 'turned-away':
      return refusalReply({ session, commandId }, outcome.refusal, null);
    case 'unknown':
      return refusalReply({ session, commandId }, { code: 'WSAEINPROGRESS', rule: 'H12' }, null);
  }
}

/** Words a refusal for the wire, and for a person. */
export function refusalReply(
  { session, commandId }: Addressee,
  refusal: Refusal,
  basedOn: Basis | null,
): RefusedReply {
  const { code, rule, facts } = refusal;
  const message = refusalMessage(refusal);
  // What is damaged stays so until somebody mends it (H14).
  const retry = rule === 'H14' ? ({ retry: 'never' } as const) : {};
  const said = { ...(facts === undefined ? {} : { facts }), ...retry };
  return refusedReply({ session, commandId, code, rule, basedOn, message, ...said });
}
