import type { Socket } from '@joinleaf/multipoint';

/** Where a socket is bound; null before (R9). What accept or JoinLeaf made of a c_root has the session's name. */
export function localNameOf(socket: Socket): string | null {
  switch (socket.kind) {
    case 'plain':
    case 'leaf':
      return socket.local;
    case 'root':
      return socket.phase.name === 'unbound' ? null : socket.phase.address;
    case 'link':
    case 'accepted':
      return socket.session;
  }
}
