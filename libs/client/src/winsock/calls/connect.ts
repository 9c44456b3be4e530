import { err, type Refusal, type Socket } from '@joinleaf/multipoint';
import { readAddress } from '../addresses.js';
import { AF_NODE } from '../numbers/sockets.js';
import { fieldsOf } from '../memory.js';
import { fault, type Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';

/**
 * WSPConnect. There are no ordinary connections here, and no endpoint takes one: whoever asks for one is
 * refused, and nobody hears of it (R19).
 */
export function connectTo(
  thread: Thread,
  s: unknown,
  { name, namelen }: { readonly name: unknown; readonly namelen: unknown },
): Outcome {
  const refusal = thread.refusesOn(s);
  const socket = thread.socketOf(s);
  if (refusal !== null || socket === undefined) return err(refusal ?? fault);
  const early = whyNot(socket);
  if (early !== null) return err(early);
  const named = readAddress(name, namelen);
  if (!named.ok) return named;
  if (fieldsOf(name, ['sa_family'])?.sa_family !== AF_NODE) {
    return err({ code: 'WSAEAFNOSUPPORT', rule: 'E1' });
  }
  const { text, isWildcard } = named.value;
  return isWildcard || /:(0|any)$/.test(text)
    ? err({ code: 'WSAEADDRNOTAVAIL', rule: 'E7' })
    : err({ code: 'WSAECONNREFUSED', rule: 'R19' });
}

function whyNot(socket: Socket): Refusal | null {
  switch (socket.kind) {
    case 'plain':
      return null;
    case 'root':
      return socket.queue === null ? null : { code: 'WSAEINVAL', rule: 'R19' };
    case 'leaf':
      return whyNotLeaf(socket.phase.name);
    case 'link':
    case 'accepted':
      return socket.phase === 'pending' || socket.phase === 'failed'
        ? { code: 'WSAENOTCONN', rule: 'R65' }
        : { code: 'WSAEISCONN', rule: 'R57' };
  }
}

function whyNotLeaf(phase: Extract<Socket, { kind: 'leaf' }>['phase']['name']): Refusal | null {
  switch (phase) {
    case 'idle':
      return null;
    case 'listening':
      return { code: 'WSAEINVAL', rule: 'A22' };
    case 'joining':
      return { code: 'WSAEALREADY', rule: 'R50' };
    case 'joined':
    case 'over':
      return { code: 'WSAEISCONN', rule: 'R57' };
  }
}
