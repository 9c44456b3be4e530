import { err, ok } from '@joinleaf/multipoint';
import { fillAddress, isRoomForAddress, type AddressRoom } from '../addresses.js';
import { localNameOf } from '../local-name.js';
import { fault, type Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';

/**
 * WSPGetSockName: where the socket is bound, by itself or by JoinLeaf (R14).
 *
 * @returns WSAENOTSOCK (E13), WSAENOTCONN for what a pending or failed join returned (R65, R69), WSAEINVAL for a socket that
 *   has no name yet (R9), WSAEFAULT for too little room (E9).
 */
export function socketName(thread: Thread, s: unknown, room: AddressRoom): Outcome {
  const refusal = thread.refusesOn(s);
  const socket = thread.socketOf(s);
  if (refusal !== null || socket === undefined) return err(refusal ?? fault);
  if (socket.kind === 'link' || socket.kind === 'accepted') {
    if (socket.phase === 'pending') return err({ code: 'WSAENOTCONN', rule: 'R65' });
    if (socket.phase === 'failed') return err({ code: 'WSAENOTCONN', rule: 'R69' });
  }
  const name = localNameOf(socket);
  if (name === null) return err({ code: 'WSAEINVAL', rule: 'R9' });
  return isRoomForAddress(room) && fillAddress(name, room) ? ok(0) : err(fault);
}
