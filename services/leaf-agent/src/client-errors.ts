import {
  BadArgument,
  JoinleafError,
  JoinleafRefusal,
  UnknownOutcomeError,
  type Refused,
} from '@joinleaf/client';
import { WsaException } from '@joinleaf/nest-kit';

/** A refusal of the client, for `WsaErrorFilter` to word. */
export const refusedAs = ({ code, rule, message }: Refused): WsaException =>
  new WsaException({ code, rule }, message);

/** Runs a call of the client; what it throws leaves as an error that `WsaErrorFilter` can word. */
export async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw worded(error);
  }
}

function worded(error: unknown): unknown {
  if (error instanceof JoinleafRefusal) return refusedAs(error.refusal);
  if (error instanceof BadArgument) {
    return new WsaException({ code: error.code, rule: error.rule }, error.message);
  }
  if (error instanceof UnknownOutcomeError) {
    return new WsaException({ code: error.code, rule: 'H12' }, error.message);
  }
  if (error instanceof JoinleafError) {
    return new WsaException({ code: error.code, rule: 'E2' }, error.message);
  }
  return error;
}
