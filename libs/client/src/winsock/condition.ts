import type { Base64, Refusal, Socket, Waiting } from '@joinleaf/multipoint';
import { connectDataBytesMax } from '@joinleaf/wire';
import { sockaddr, sockaddrLength } from './addresses.js';
import { CalleeBuffer } from './calls/callee-data.js';
import { qosOf } from './flow-specs.js';
import { localNameOf } from './local-name.js';
import { CF_ACCEPT, CF_DEFER, CF_REJECT } from './numbers/calls.js';
import type { ADDRBUF, QOS, WSABUF } from './structures.js';

/**
 * Decides on a request before it is accepted: CF_ACCEPT, CF_REJECT or CF_DEFER. It sees what is known of
 * the caller, and may write as much callee data as `lpCalleeData.len` says at first (R89, R94).
 */
export type ConditionFunction = (
  lpCallerId: ADDRBUF,
  lpCallerData: WSABUF | null,
  lpSQOS: QOS | null,
  lpGQOS: null,
  lpCalleeId: ADDRBUF,
  lpCalleeData: WSABUF,
  g: number,
  dwCallbackData: unknown,
) => number;

export type Verdict =
  | { readonly answer: 'accept'; readonly calleeData: Base64 | null }
  | { readonly answer: 'reject' | 'defer' }
  /** No answer that there is (R85), or more data than there was room for (A13). */
  | { readonly answer: 'none'; readonly why: Refusal; readonly hasThrown: boolean };

const noAnswer: Refusal = { code: 'WSAEINVAL', rule: 'R85' };

/** Who asks: an endpoint, or the session whose root invites. */
export const callerOf = ({ from, session }: Waiting, listener: Socket): string =>
  listener.kind === 'root' ? from : session;

/** Asks a condition function about a request, once. What it throws is its own. */
export function ask(
  condition: ConditionFunction,
  {
    waiting,
    listener,
    context,
  }: {
    readonly waiting: Waiting;
    readonly listener: Socket;
    readonly context: unknown;
  },
): Verdict {
  const capacity = listener.protocol.connectData ? connectDataBytesMax : 0;
  const callee = new CalleeBuffer(capacity);
  const caller = addressBuffer(callerOf(waiting, listener));
  const own = addressBuffer(localNameOf(listener) ?? '');
  const qos = waiting.qos === undefined ? null : qosOf(waiting.qos);
  try {
    const data = dataBuffer(waiting.callerData);
    const answer: unknown = condition(caller, data, qos, null, own, callee, 0, context);
    return verdictOf(answer, callee);
  } catch {
    return { answer: 'none', why: noAnswer, hasThrown: true };
  }
}

function verdictOf(answer: unknown, callee: CalleeBuffer): Verdict {
  switch (answer) {
    case CF_ACCEPT: {
      const written = callee.written();
      return written.ok
        ? { answer: 'accept', calleeData: written.value }
        : { answer: 'none', why: written.error, hasThrown: false };
    }
    case CF_REJECT:
      return { answer: 'reject' };
    case CF_DEFER:
      return { answer: 'defer' };
    default:
      // Nobody waits for a promise that was none of the answers.
      Promise.resolve(answer).catch(() => undefined);
      return { answer: 'none', why: noAnswer, hasThrown: false };
  }
}

function addressBuffer(text: string): ADDRBUF {
  const buf = sockaddr(text);
  return { len: sockaddrLength(buf), buf };
}

function dataBuffer(data: Base64 | null): WSABUF | null {
  if (data === null) return null;
  const buf = new Uint8Array(Buffer.from(data, 'base64'));
  return { len: buf.length, buf };
}
