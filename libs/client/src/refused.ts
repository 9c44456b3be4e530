import {
  refusalMessage,
  retryClass,
  WSA,
  type JoinId,
  type Refusal,
  type RetryClass,
} from '@joinleaf/multipoint';
import type { RefusedReply } from '@joinleaf/wire';
import type { Refused } from './api.js';

/** Where a refusal that the provider made by itself comes from. */
export interface Circumstances {
  readonly session?: string | null;
  readonly join?: JoinId | null;
  readonly event?: string | null;
  /** Whether asking again can help, where the code alone says too little. */
  readonly retry?: RetryClass;
}

/** A refusal of the provider, or of a join that was on record and failed. */
export function refusedHere(
  refusal: Refusal,
  {
    session = null,
    join = null,
    event = null,
    retry = retryClass(refusal.code),
  }: Circumstances = {},
): Refused {
  const { code, rule, facts } = refusal;
  return {
    ok: false,
    code,
    number: WSA[code],
    rule,
    retry,
    message: refusalMessage(refusal),
    session,
    join,
    commandId: null,
    basedOn: null,
    event,
    facts: facts ?? null,
  };
}

/** A refusal of the service. */
export function refusedThere(reply: RefusedReply, join: JoinId | null = null): Refused {
  const { code, number, rule, retry, message, session, commandId, basedOn, facts } = reply;
  const said = { code, number, rule, retry, message, session, commandId, basedOn, facts };
  return { ok: false, ...said, join, event: null };
}
