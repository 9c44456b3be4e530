export {
  formatAddress,
  isGroupAddress,
  isName,
  isNodeAddress,
  isSessionAddress,
  nodeAddress,
  nodeOf,
  parseAddress,
  portMax,
  type Address,
  type AddressFamily,
  type NodeAddress,
  type SessionAddress,
} from './address.js';
export { answer, type Answer } from './answer.js';
export type { CommandOf, LossEvidence, SessionCommand } from './command.js';
export { decide } from './decide.js';
export type { Decision, Ruling } from './decision.js';
export type {
  Base64,
  ControlPlane,
  DataPlane,
  Departure,
  Ending,
  EventOf,
  JoinFailure,
  JoinFlags,
  JoinId,
  JoinKind,
  SessionEvent,
} from './event.js';
export { evolve } from './evolve.js';
export { notify, type Notification, type Plane } from './notify.js';
export { backlogMax } from './opening.js';
export { PersistentMap } from './persistent-map.js';
export {
  samePolicy,
  winsockPolicy,
  type AdmissionPolicy,
  type IdentityPolicy,
  type RootLoss,
} from './policy.js';
export {
  checkQos,
  notSpecified,
  reservedRate,
  serviceTypes,
  unusedUnder,
  type Direction,
  type DirectionBudget,
  type Flow,
  type FlowBudget,
  type FlowSpec,
  type Qos,
} from './qos.js';
export { assert, err, ok, type Result } from './result.js';
export {
  holdsNode,
  isTaken,
  joinById,
  nextDeadline,
  outstanding,
  unopened,
  type Join,
  type Member,
  type OpenSession,
  type Session,
  type Vacancy,
} from './session.js';
export {
  acceptWaiting,
  deferWaiting,
  forgetWithdrawn,
  offeredAt,
  rejectWaiting,
  type Accept,
  type Accepted,
  type Answering,
} from './socket-machine/accept.js';
export { bindSocket, type Asked, type Bind } from './socket-machine/bind.js';
export { cancelJoin, type CancelJoin } from './socket-machine/cancel-join.js';
export { closeSocket, shutdownSocket, type Shutdown } from './socket-machine/close.js';
export { drained } from './socket-machine/drain.js';
export { createSocket } from './socket-machine/create.js';
export type {
  CallId,
  Descriptor,
  Effect,
  Heard,
  JoinEnd,
  NodeCommand,
} from './socket-machine/effect.js';
export { hear, hearWaiting, type Hearing, type Told } from './socket-machine/hear.js';
export { hearData } from './socket-machine/hear-data.js';
export { joinLeaf, type JoinLeaf, type JoinStarted } from './socket-machine/join.js';
export { listenAt, type Listen } from './socket-machine/listen.js';
export { standardOptions, type SocketOptions } from './socket-machine/options.js';
export { receiveData, type Receive, type Received } from './socket-machine/receive.js';
export { flushed, sendData, type Send, type Sent } from './socket-machine/send.js';
export {
  getQos,
  setMode,
  setOptions,
  setQos,
  type CurrentQos,
  type SetMode,
  type SetOptions,
  type SetQos,
} from './socket-machine/settings.js';
export {
  messageBytesMax,
  type Broadcast,
  type Channel,
  type Datum,
} from './socket-machine/traffic.js';
export { loseNode } from './socket-machine/lose.js';
export {
  noSockets,
  socketAt,
  type NodeIdentity,
  type NodeSockets,
} from './socket-machine/node-sockets.js';
export {
  protocols,
  type ControlRole,
  type DataRole,
  type MultipointFlag,
  type ProtocolEntry,
  type Roles,
} from './socket-machine/protocol.js';
export type { Change } from './socket-machine/queueing.js';
export { giveUpCall, hearReply } from './socket-machine/reply.js';
export {
  enumNetworkEvents,
  eventSelect,
  selectReady,
  type EnumNetworkEvents,
  type EventSelect,
  type Ready,
} from './socket-machine/select.js';
export type {
  LeafSocket,
  ListeningSocket,
  MemberSocket,
  PendingJoin,
  PlainSocket,
  RootSocket,
  Socket,
} from './socket-machine/socket.js';
export type { Step } from './socket-machine/step.js';
export type { Waiting, WaitingKey } from './socket-machine/waiting.js';
export type {
  EventObject,
  NetworkEvent,
  RecordedEvent,
  Registration,
} from './socket-machine/watch.js';
export {
  isIncarnation,
  isSerial,
  isSocketId,
  linkMadeFor,
  livesOn,
  socketId,
  socketParts,
  type SocketId,
  type SocketParts,
} from './socket-id.js';
export {
  isWsaCode,
  retryClass,
  WSA,
  type Facts,
  type Refusal,
  type RetryClass,
  type Rule,
  type WsaCode,
} from './wsa.js';
export { refusalMessage, refusalText, wsaText } from './wsa-text.js';
