// What is heard, as specs say it: a builder makes the usual notification, and takes what is unusual about it.
import type { NodeAddress } from '../address.js';
import type { EventOf, JoinId } from '../event.js';
import type { Notification, Plane } from '../notify.js';
import { winsockPolicy } from '../policy.js';
import type { SocketId } from '../socket-id.js';
import type { WsaCode } from '../wsa.js';
import { type Person, root, bob, carol, dave, madeLink, at } from './people.js';

const plane: Plane = { incarnation: 1, data: 'nonrooted', root };

export const fdAccept = (
  { join, kind, caller, leafAddress, flags, callerData, deadlineAt }: EventOf<'JoinRequested'>,
  to: SocketId | NodeAddress = kind === 'invitation' ? leafAddress : root,
): Notification => ({
  kind: 'FD_ACCEPT',
  to,
  join,
  from: kind === 'invitation' ? caller : leafAddress,
  flags,
  callerData,
  deadlineAt,
  plane,
});

export const fdConnect = (
  to: SocketId,
  join: JoinId,
  over: Partial<Extract<Notification, { kind: 'FD_CONNECT' }>> = {},
): Notification => ({
  kind: 'FD_CONNECT',
  to,
  join,
  code: null,
  link: null,
  calleeData: null,
  ...(over.code == null ? seatOf(to, join, over.link ?? null) : {}),
  ...over,
});

// A success says where the data goes, and who is at the other end.
function seatOf(to: SocketId, join: JoinId, link: SocketId | null) {
  const people = [bob, carol, dave];
  const other =
    link === null
      ? (people.find((one) => one.socket === to)?.link ?? madeLink(join))
      : people.find((one) => one.link === link)?.socket;
  return other === undefined ? { plane } : { plane, peer: other };
}

/** In a group there is nobody at another end. */
export const fdConnectToGroup = (to: SocketId, join: JoinId): Notification => ({
  kind: 'FD_CONNECT',
  to,
  join,
  code: null,
  link: null,
  calleeData: null,
  plane: { incarnation: 1, data: 'nonrooted', root: null },
});

/** A member is told that its session has lost its root. */
export const rootLostAt = (
  who: Person,
  heir = false,
  until = at + winsockPolicy.lingerMs,
): Notification => ({
  kind: 'ROOT_LOST',
  to: who.socket,
  heir,
  until,
  plane: { ...plane, root: null },
});

/** And that it has another one, with a link there. */
export const rootReplacedAt = (who: Person, peer: SocketId, by: SocketId): Notification => ({
  kind: 'ROOT_REPLACED',
  to: who.socket,
  root: by,
  peer,
  plane: { ...plane, root: by },
});

export const fdClose = (to: SocketId, code: WsaCode | null = null): Notification => ({
  kind: 'FD_CLOSE',
  to,
  code,
});

export const withdrawn = (to: SocketId | NodeAddress, join: JoinId): Notification => ({
  kind: 'WITHDRAWN',
  to,
  join,
});

export const linked = (
  { join, caller, leafAddress, flags, callerData }: EventOf<'JoinRequested'>,
  link: SocketId = madeLink(join),
): Notification => {
  const member = { leafAddress, flags, callerData, peer: caller };
  return { kind: 'LINKED', to: root, join, link, ...member };
};
