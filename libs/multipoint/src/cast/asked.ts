// What is asked, as specs say it: a builder makes the usual command, and takes what is unusual about it.
import type { CommandOf } from '../command.js';
import type { JoinId } from '../event.js';
import { winsockPolicy, type AdmissionPolicy } from '../policy.js';
import type { SocketId } from '../socket-id.js';
import { type Person, type Some, root, at, conf, news } from './people.js';

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
