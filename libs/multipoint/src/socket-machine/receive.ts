import { err } from '../result.js';
import type { SocketId } from '../socket-id.js';
import type { Refusal } from '../wsa.js';
import type { Descriptor } from './effect.js';
import { first, shifted, withFirst } from './fifo.js';
import { withSocket, type NodeSockets } from './node-sockets.js';
import { isAboutToBeSeated } from './send.js';
import type { Socket } from './socket.js';
import { signalled, usable, type Step } from './step.js';
import { canBeRead, type Traffic } from './traffic.js';
import { readEnabled } from './watch.js';

export interface Receive {
  readonly socket: Descriptor;
  /** MSG_PEEK: the message stays. */
  readonly peek?: boolean;
}

export interface Received {
  readonly bytes: Uint8Array;
  readonly from: SocketId;
  /** Whether it is of the side chat (R161), and not session data. */
  readonly isChat: boolean;
}

/**
 * Takes the oldest message. It re-enables FD_READ, whatever it answers (R122, R123).
 *
 * @returns In this order: WSAENOTSOCK (E13), WSAESHUTDOWN (R143), WSAENOTCONN before success (R65, R69, R158), WSAEOPNOTSUPP for
 *   a socket that only sends (R112), WSAENOBUFS once where messages were lost (H15), WSAEWOULDBLOCK when nothing is there
 *   (R123), or after the end of the connection WSAEDISCON, or its code (R159).
 */
export function receiveData(state: NodeSockets, { socket: at, peek }: Receive): Step<Received> {
  const found = usable(state, at);
  if (!found.ok) return { state, result: found, effects: [] };
  const socket = found.value;
  const amiss = whyNotReceive(socket);
  if (amiss !== null) return { state, result: err(amiss), effects: [] };
  const { traffic } = socket;
  const message = first(traffic.inbox);
  const lost = message?.lostBefore ?? traffic.lost;
  if (lost > 0) {
    const told: Refusal = { code: 'WSAENOBUFS', rule: 'H15', facts: { lost } };
    return { ...kept(state, socket, withLossTold(traffic)), result: err(told) };
  }
  if (message === undefined) {
    return { ...kept(state, socket, traffic), result: err(whyNothing(traffic)) };
  }
  const { bytes, from, isChat } = message;
  const rest =
    peek === true
      ? traffic
      : {
          ...traffic,
          inbox: shifted(traffic.inbox),
          inboxBytes: traffic.inboxBytes - bytes.length,
        };
  return { ...kept(state, socket, rest), result: { ok: true, value: { bytes, from, isChat } } };
}

function whyNotReceive(socket: Socket): Refusal | null {
  const { traffic, protocol } = socket;
  if (socket.kind === 'plain') return { code: 'WSAENOTCONN', rule: 'R158' };
  if (traffic.shut.receive) return { code: 'WSAESHUTDOWN', rule: 'R143' };
  switch (socket.kind) {
    case 'link':
    case 'accepted':
      if (socket.phase === 'pending') return { code: 'WSAENOTCONN', rule: 'R65' };
      if (socket.phase === 'failed') return { code: 'WSAENOTCONN', rule: 'R69' };
      break;
    case 'root':
    case 'leaf':
      if (isAboutToBeSeated(socket)) return { code: 'WSAEWOULDBLOCK', rule: 'R123' };
      if (traffic.plane === null) return { code: 'WSAENOTCONN', rule: 'R158' };
      break;
  }
  const isDeaf = traffic.flags === 'sender-only' || protocol.direction === 'send';
  return isDeaf && socket.kind !== 'link' ? { code: 'WSAEOPNOTSUPP', rule: 'R112' } : null;
}

function whyNothing({ close, shut }: Traffic): Refusal {
  if (close !== null && !close.isHeld) return { code: close.code ?? 'WSAEDISCON', rule: 'R159' };
  if (shut.send) return { code: 'WSAEDISCON', rule: 'R159' };
  return { code: 'WSAEWOULDBLOCK', rule: 'R123' };
}

function withLossTold(traffic: Traffic): Traffic {
  const message = first(traffic.inbox);
  return message === undefined
    ? { ...traffic, lost: 0 }
    : { ...traffic, inbox: withFirst(traffic.inbox, { ...message, lostBefore: 0 }) };
}

function kept(state: NodeSockets, socket: Socket, traffic: Traffic) {
  const watched = readEnabled(socket.watch, canBeRead(traffic));
  const after = withSocket(state, { ...socket, traffic, watch: watched.watch });
  return { state: after, effects: signalled(socket, watched) };
}
