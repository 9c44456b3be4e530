import { err, ok, type CallId, type Result } from '@joinleaf/multipoint';
import type { RefusedReply } from '@joinleaf/wire';
import type { Provider } from '../provider.js';
import type { Refused } from './refusals.js';
import { refusalOf } from './thread.js';

/** The arbiter's answer to a call of the step just taken; WSAENETDOWN (E2) when none comes in time. */
export async function answered(
  provider: Provider,
  call: CallId | null,
): Promise<Result<null, Refused>> {
  if (call === null) return ok(null);
  try {
    const reply = await provider.answer(call);
    return reply.ok ? ok(null) : err(refusedBy(reply));
  } catch (error) {
    return err(refusalOf(error));
  }
}

export function refusedBy({ code, rule, facts, message }: RefusedReply): Refused {
  return facts === null ? { code, rule, message } : { code, rule, facts, message };
}
