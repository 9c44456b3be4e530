import { retryClass, WSA, wsaText, type Refusal, type SessionAddress } from '@joinleaf/multipoint';
import type { Basis } from '@joinleaf/event-log';
import type { RefusedReply, Reply } from '@joinleaf/wire';
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
      return refusedReply({ session, commandId }, outcome.refusal, outcome.basedOn);
    case 'turned-away':
      return refusedReply({ session, commandId }, outcome.refusal, null);
    case 'unknown':
      return refusedReply({ session, commandId }, { code: 'WSAEINPROGRESS', rule: 'H12' }, null);
  }
}

export function refusedReply(
  { session, commandId }: Addressee,
  { code, rule, facts }: Refusal,
  basedOn: Basis | null,
): RefusedReply {
  const message = `${code} (${String(WSA[code])}): ${wsaText[code]} Rule ${rule}.`;
  return {
    v: 1,
    ok: false,
    session,
    commandId,
    code,
    number: WSA[code],
    rule,
    retry: retryClass(code),
    basedOn,
    facts: facts ?? null,
    message,
  };
}
