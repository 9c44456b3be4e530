import { WSA, type RetryClass, type Rule, type WsaCode } from '@joinleaf/multipoint';
import type { CallOptions, Refused, Settled } from './api.js';

/**
 * Whether the same call may be made again: `safe`, it certainly did not happen; `unknown`, it may have;
 * `no`, it would fail again.
 */
export type Retryable = 'safe' | 'unknown' | 'no';

/** What is thrown: misuse, transport, and refusals where the happy path reads straight on. */
export class JoinleafError extends Error {
  override readonly name: string = 'JoinleafError';
  /** The value of `code` in Winsock2.h. */
  readonly number: number;

  constructor(
    readonly code: WsaCode,
    message: string,
    readonly retryable: Retryable,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.number = WSA[code];
  }
}

/** An argument that could never be right. Nothing was sent. */
export class BadArgument extends JoinleafError {
  override readonly name = 'BadArgument';

  constructor(
    readonly field: string,
    problem: string,
    readonly rule: Rule,
    code: WsaCode = 'WSAEFAULT',
  ) {
    super(code, `${field} ${problem} (rule ${rule})`, 'no');
  }
}

/** A refusal of a call that sets something up or changes it. */
export class JoinleafRefusal extends JoinleafError {
  override readonly name = 'JoinleafRefusal';

  constructor(readonly refusal: Refused) {
    super(refusal.code, refusal.message, retryableOf(refusal.retry));
  }
}

/** The call's time is up and nobody knows whether it was decided. `resolve` asks for the outcome. */
export class UnknownOutcomeError extends JoinleafError {
  override readonly name = 'UnknownOutcomeError';

  constructor(
    readonly session: string,
    readonly commandId: string,
    readonly resolve: (options?: CallOptions) => Promise<Settled>,
  ) {
    super(
      'WSAEINPROGRESS',
      `the outcome of command ${commandId} is not known yet (rule H12)`,
      'unknown',
    );
  }
}

function retryableOf(retry: RetryClass): Retryable {
  switch (retry) {
    case 'same-socket':
    case 'wait':
    case 'later':
      return 'safe';
    case 'unknown':
      return 'unknown';
    case 'new-socket':
    case 'never':
      return 'no';
  }
}

/** After close, and for whatever was under way then. */
export const closedError = (): JoinleafError =>
  new JoinleafError('WSANOTINITIALISED', 'the connection is closed', 'no');

export const fencedError = (): JoinleafError =>
  new JoinleafError('WSAENETRESET', 'this run of the node was replaced or lost (rule H10)', 'no');
