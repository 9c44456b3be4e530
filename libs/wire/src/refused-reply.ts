import {
  retryClass,
  WSA,
  type Facts,
  type RetryClass,
  type Rule,
  type SessionAddress,
  type WsaCode,
} from '@joinleaf/multipoint';
import type { RefusedReply } from './replies.js';
import { protocolVersion } from './requests.js';

export interface RefusedParts {
  readonly code: WsaCode;
  readonly rule: Rule;
  readonly session?: SessionAddress | null;
  readonly commandId?: string | null;
  /** The revision that was decided on; null when nothing was read. */
  readonly basedOn?: RefusedReply['basedOn'];
  readonly facts?: Facts | null;
  /** Whether asking again can help; without it, what the code says. */
  readonly retry?: RetryClass;
  /** Words for a person. Never text that a sender wrote. */
  readonly message?: string;
}

/** A refusal as it crosses the wire: `replySchema` with `ok: false`. */
export function refusedReply(parts: RefusedParts): RefusedReply {
  const { code, rule } = parts;
  const { session = null, commandId = null, basedOn = null, facts = null } = parts;
  return {
    v: protocolVersion,
    ok: false,
    session,
    commandId,
    code,
    number: WSA[code],
    rule,
    retry: parts.retry ?? retryClass(code),
    basedOn,
    facts: facts === null ? null : { ...facts },
    message: parts.message ?? `${code} (${String(WSA[code])}), rule ${rule}`,
  };
}
