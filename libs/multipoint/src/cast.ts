// The people of the specs. Ada keeps the session conf-7; Bob, Carol and Dave are leaves, each on a node
// of their own. A builder makes the usual thing, and takes what is unusual about it.
import { nodeAddress, type NodeAddress, type SessionAddress } from './address.js';
import type { CommandOf } from './command.js';
import type { Departure, EventOf, JoinFailure, JoinId, SessionEvent } from './event.js';
import type { Notification, Plane } from './notify.js';
import { notSpecified, serviceTypes, type Flow, type FlowSpec, type Qos } from './qos.js';
import { winsockPolicy, type AdmissionPolicy } from './policy.js';
import { socketId, type SocketId } from './socket-id.js';
import type { WsaCode } from './wsa.js';

export interface Person {
  /** The socket that asks, or that accept returned. */
  readonly socket: SocketId;
  readonly at: NodeAddress;
  /** Ada's link for this person. */
  readonly link: SocketId;
  readonly listener: SocketId;
}

export const socket = (node: string, serial: number | string, incarnation = 'run1'): SocketId =>
  socketId({ node, incarnation, serial: String(serial) });

const person = (node: string, link: number): Person => ({
  socket: socket(node, 1),
  at: nodeAddress(node, 1),
  link: socket('ada', link),
  listener: socket(node, 9),
});

export const root = socket('ada', 1);
export const bob = person('bob', 12);
export const carol = person('carol', 13);
export const dave = person('dave', 14);
/** The arbiter's own link for a join. */
export const madeLink = (join: JoinId): SocketId => socket('ada', join);

export const at = 1_000;
export const conf = 'conf-7' as SessionAddress;
export const news = '@news' as SessionAddress;

type Some<T> = Partial<Omit<T, 'type'>>;

// What happened.

export const opened = (
  policy: Partial<AdmissionPolicy> = {},
  over: Some<EventOf<'SessionOpened'>> = {},
): EventOf<'SessionOpened'> => ({
  type: 'SessionOpened',
  address: conf,
  incarnation: 1,
  control: 'rooted',
  data: 'nonrooted',
  root,
  policy: { ...winsockPolicy, ...policy },
  ...over,
});

export const groupOpened = (policy: Partial<AdmissionPolicy> = {}): EventOf<'SessionOpened'> =>
  opened(policy, { address: news, control: 'nonrooted', root: null });

export const listening = (backlog = 5): EventOf<'ListenStarted'> => ({
  type: 'ListenStarted',
  backlog,
});

export const policyChanged = (policy: Partial<AdmissionPolicy>): EventOf<'PolicyChanged'> => ({
  type: 'PolicyChanged',
  policy: { ...winsockPolicy, ...policy },
});

export const asked = (
  who: Person,
  join: JoinId,
  over: Some<EventOf<'JoinRequested'>> = {},
): EventOf<'JoinRequested'> => ({
  type: 'JoinRequested',
  join,
  kind: 'request',
  caller: who.socket,
  leafAddress: who.at,
  link: null,
  flags: 'both',
  callerData: null,
  deadlineAt: at + winsockPolicy.joinDeadlineMs,
  ...over,
});

export const invited = (
  who: Person,
  join: JoinId,
  over: Some<EventOf<'JoinRequested'>> = {},
): EventOf<'JoinRequested'> =>
  asked(who, join, { kind: 'invitation', caller: root, link: who.link, ...over });

export const joinedGroup = (who: Person, join: JoinId): EventOf<'JoinRequested'> =>
  asked(who, join, { kind: 'group', deadlineAt: null });

export const deferred = (join: JoinId): EventOf<'JoinDeferred'> => ({ type: 'JoinDeferred', join });

export const admitted = (
  who: Person,
  join: JoinId,
  over: Some<EventOf<'LeafAdmitted'>> = {},
): EventOf<'LeafAdmitted'> => ({
  type: 'LeafAdmitted',
  join,
  leaf: who.socket,
  link: who.link,
  calleeData: null,
  ...over,
});

/** Asked and admitted. */
export const member = (
  who: Person,
  join: JoinId,
  over: Some<EventOf<'JoinRequested'>> = {},
): readonly SessionEvent[] => [asked(who, join, over), admitted(who, join)];

export const groupMember = (who: Person, join: JoinId): readonly SessionEvent[] => [
  joinedGroup(who, join),
  admitted(who, join, { link: null }),
];

export const failed = (
  join: JoinId,
  reason: JoinFailure,
  code: WsaCode = 'WSAECONNREFUSED',
): EventOf<'JoinFailed'> => ({ type: 'JoinFailed', join, code, reason });

export const timedOut = (join: JoinId): EventOf<'JoinFailed'> =>
  failed(join, 'timed-out', 'WSAETIMEDOUT');

export const cancelled = (
  join: JoinId,
  reason: EventOf<'JoinCancelled'>['reason'] = 'closed',
): EventOf<'JoinCancelled'> => ({ type: 'JoinCancelled', join, reason });

export const left = (who: Person, departure: Departure): EventOf<'MemberLeft'> => ({
  type: 'MemberLeft',
  leaf: who.socket,
  departure,
});

export const rootLost = (
  heir: Person | null = null,
  over: Some<EventOf<'RootLost'>> = {},
): EventOf<'RootLost'> => ({
  type: 'RootLost',
  root,
  heir: heir?.socket ?? null,
  until: at + winsockPolicy.lingerMs,
  ...over,
});

export const heirElected = (who: Person): EventOf<'HeirElected'> => ({
  type: 'HeirElected',
  heir: who.socket,
});

export const rootReplaced = (by: SocketId): EventOf<'RootReplaced'> => ({
  type: 'RootReplaced',
  root: by,
  incarnation: 1,
});

export const shut: EventOf<'SessionShutDown'> = { type: 'SessionShutDown' };

export const ended = (ending: EventOf<'SessionClosed'>['ending'] = 'root-closed') =>
  ({ type: 'SessionClosed', ending }) as const;

// What is asked.

export const opens = (
  policy: Partial<AdmissionPolicy> = {},
  over: Some<CommandOf<'OpenSession'>> = {},
): CommandOf<'OpenSession'> => ({
  type: 'OpenSession',
  address: conf,
  root,
  control: 'rooted',
  data: 'nonrooted',
  policy: { ...winsockPolicy, ...policy },
  ...over,
});

export const opensGroup = (policy: Partial<AdmissionPolicy> = {}): CommandOf<'OpenSession'> =>
  opens(policy, { address: news, root: null, control: 'nonrooted' });

export const listens = (backlog: number, by: SocketId = root): CommandOf<'Listen'> => ({
  type: 'Listen',
  root: by,
  backlog,
});

export const changesPolicy = (
  changes: Partial<AdmissionPolicy>,
  by: SocketId | null = root,
): CommandOf<'ChangePolicy'> => ({ type: 'ChangePolicy', root: by, changes });

export const asks = (
  who: Person,
  over: Some<CommandOf<'RequestJoin'>> = {},
): CommandOf<'RequestJoin'> => ({
  type: 'RequestJoin',
  caller: who.socket,
  leafAddress: who.at,
  flags: 'both',
  callerData: null,
  now: at,
  deadlineMs: null,
  ...over,
});

export const invites = (
  who: Person,
  over: Some<CommandOf<'InviteLeaf'>> = {},
): CommandOf<'InviteLeaf'> => ({
  type: 'InviteLeaf',
  caller: root,
  leafAddress: who.at,
  link: who.link,
  flags: 'both',
  callerData: null,
  now: at,
  deadlineMs: null,
  leafNode: 'up',
  ...over,
});

/** The root accepts who asked. */
export const accepts = (
  who: Person,
  join: JoinId,
  over: Some<CommandOf<'AcceptJoin'>> = {},
): CommandOf<'AcceptJoin'> => ({
  type: 'AcceptJoin',
  join,
  acceptor: root,
  accepted: who.link,
  calleeData: null,
  ...over,
});

/** The invited leaf accepts. */
export const agrees = (
  who: Person,
  join: JoinId,
  over: Some<CommandOf<'AcceptJoin'>> = {},
): CommandOf<'AcceptJoin'> =>
  accepts(who, join, { acceptor: who.listener, accepted: who.socket, ...over });

export const rejects = (
  join: JoinId,
  over: Some<CommandOf<'RejectJoin'>> = {},
): CommandOf<'RejectJoin'> => ({
  type: 'RejectJoin',
  join,
  acceptor: root,
  node: 'ada',
  reason: 'rejected',
  ...over,
});

export const defers = (join: JoinId, acceptor: SocketId = root): CommandOf<'DeferJoin'> => ({
  type: 'DeferJoin',
  join,
  acceptor,
});

export const closes = (closed: SocketId): CommandOf<'CloseSocket'> => ({
  type: 'CloseSocket',
  socket: closed,
});

export const shutsDown = (
  how: CommandOf<'ShutdownSession'>['how'] = 'both',
  by: SocketId = root,
): CommandOf<'ShutdownSession'> => ({ type: 'ShutdownSession', root: by, how });

export const closesGroup: CommandOf<'CloseGroup'> = { type: 'CloseGroup' };

export const expires = (now: number): CommandOf<'ExpireJoins'> => ({ type: 'ExpireJoins', now });

export const loses = (node: string, incarnation = 'run1'): CommandOf<'LoseNode'> => ({
  type: 'LoseNode',
  node,
  incarnation,
  evidence: { kind: 'silent', silentMs: 16_000, boundMs: 15_000 },
  now: at,
});

// Flows.

/** A guaranteed flow of so many bytes per second; 0 for a direction without traffic. */
export const spec = (tokenRate: number, over: Partial<FlowSpec> = {}): FlowSpec => ({
  tokenRate,
  tokenBucketSize: notSpecified,
  peakBandwidth: notSpecified,
  latency: notSpecified,
  delayVariation: notSpecified,
  serviceType: tokenRate === 0 ? serviceTypes.noTraffic : serviceTypes.guaranteed,
  maxSduSize: notSpecified,
  minimumPolicedSize: notSpecified,
  ...over,
});

export const flow = (sending: number, receiving: number): Flow => ({
  sending: spec(sending),
  receiving: spec(receiving),
});

export const qos = (sending: number, receiving: number): Qos => ({
  ...flow(sending, receiving),
  providerSpecific: null,
});

export const fdQos = (to: SocketId, given: Flow): Notification => ({
  kind: 'FD_QOS',
  to,
  flow: given,
});

// What is heard.

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
