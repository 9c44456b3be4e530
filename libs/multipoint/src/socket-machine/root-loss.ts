import type { Plane } from '../notify.js';
import type { SocketId } from '../socket-id.js';
import type { Effect, Heard } from './effect.js';
import { withSocket, type NodeSockets } from './node-sockets.js';
import type { Change } from './queueing.js';
import type { Socket } from './socket.js';
import type { ToldOf } from './told.js';

// A member whose session goes on without its root, or with another one: it has nobody to chat with, or somebody
// else, and everything else stays as it is (H19, H23). What the lost root has said before is still heard.

export const rootLost = (
  state: NodeSockets,
  socket: Socket,
  { session, plane, heir, until }: ToldOf<'ROOT_LOST'>,
): Change =>
  isMember(socket, session)
    ? reseated(
        state,
        socket,
        { plane, peer: socket.traffic.peer },
        { kind: 'ROOT_LOST', heir, until },
      )
    : { state, effects: [] };

export const rootReplaced = (
  state: NodeSockets,
  socket: Socket,
  { session, root, plane, peer }: ToldOf<'ROOT_REPLACED'>,
): Change =>
  isMember(socket, session)
    ? reseated(state, socket, { plane, peer }, { kind: 'ROOT_REPLACED', root })
    : { state, effects: [] };

// A socket that accept returns may hear of it before its own call has returned (A26).
function isMember(socket: Socket, session: string): boolean {
  switch (socket.kind) {
    case 'leaf':
      return socket.phase.name === 'joined' && socket.phase.session === session;
    case 'accepted':
      return (
        socket.session === session && (socket.phase === 'joined' || socket.phase === 'pending')
      );
    case 'plain':
    case 'root':
    case 'link':
      return false;
  }
}

interface OtherEnd {
  readonly plane: Plane;
  readonly peer: SocketId | null;
}

function reseated(
  state: NodeSockets,
  socket: Socket,
  { plane, peer }: OtherEnd,
  what: Heard,
): Change {
  const traffic = { ...socket.traffic, plane, peer, peerEnded: false };
  const heard: Effect = { type: 'heard', socket: socket.descriptor, what };
  return { state: withSocket(state, { ...socket, traffic }), effects: [heard] };
}
