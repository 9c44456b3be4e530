// The law a second time, as plainly as it can be said: lists, and for each command its checks in the
// order of docs/SPEC.md. Slow, and for tests alone: what `decide` and `evolve` do is compared with it.
import type { CommandOf, SessionCommand } from './command.js';
import type { JoinFlags, JoinId, JoinKind } from './event.js';
import { winsockPolicy, type AdmissionPolicy } from './policy.js';
import type { Qos } from './qos.js';
import type { SocketId } from './socket-id.js';
import type { Rule, WsaCode } from './wsa.js';

export interface Waiting {
  readonly id: JoinId;
  readonly kind: JoinKind;
  readonly caller: SocketId;
  readonly address: string;
  readonly link: SocketId | null;
  readonly deadlineAt: number | null;
  readonly flags: JoinFlags;
  readonly qos: Qos | undefined;
  deferred: boolean;
}

export interface Inside {
  readonly leaf: SocketId;
  readonly link: SocketId | null;
  readonly address: string;
  readonly join: JoinId;
  readonly kind: JoinKind;
  readonly flags: JoinFlags;
  readonly qos: Qos | undefined;
}

/** A session as lists. */
export interface Model {
  phase: 'unopened' | 'open' | 'shut' | 'closed';
  incarnation: number;
  root: SocketId | null;
  isGroup: boolean;
  data: 'rooted' | 'nonrooted';
  /** Since its root was lost, and until when; null while there is a root. */
  orphaned: { lost: SocketId; heir: SocketId | null; until: number } | null;
  policy: AdmissionPolicy;
  backlog: number | null;
  joinCount: number;
  waiting: Waiting[];
  members: Inside[];
}

export const newModel = (): Model => ({
  phase: 'unopened',
  incarnation: 0,
  root: null,
  isGroup: false,
  data: 'nonrooted',
  orphaned: null,
  policy: winsockPolicy,
  backlog: null,
  joinCount: 0,
  waiting: [],
  members: [],
});

export type Check<C> = readonly [
  code: WsaCode,
  rule: Rule,
  applies: (m: Model, command: C) => boolean,
];

type Checks = {
  readonly [T in SessionCommand['type']]: readonly Check<CommandOf<T>>[];
};

export const isOpen = (m: Model): boolean => m.phase === 'open';
const isRoot = (m: Model, who: SocketId | null): boolean =>
  isOpen(m) && m.orphaned === null && m.root === who;
export const wasShut = (m: Model, who: SocketId | null): boolean =>
  m.phase === 'shut' && m.root === who;

const here = (m: Model, address: string): number =>
  m.members.filter((member) => member.address === address).length;
export const invitation = (m: Model): Waiting | undefined =>
  m.waiting.find(({ kind }) => kind === 'invitation');
export const requests = (m: Model): Waiting[] =>
  m.waiting.filter(({ kind }) => kind !== 'invitation');
export const waitingFor = (m: Model, id: JoinId): Waiting | undefined =>
  isOpen(m) ? m.waiting.find((join) => join.id === id) : undefined;
const nodeIn = (text: string): string => text.split(/[/:]/)[0] ?? '';

const parts = (m: Model): (SocketId | null)[] => [
  m.root,
  ...m.members.flatMap(({ leaf, link }) => [leaf, link]),
  ...m.waiting.flatMap(({ kind, caller, link }) => [kind === 'invitation' ? null : caller, link]),
];
const taken = (m: Model, socket: SocketId | null): boolean =>
  socket !== null && (/\/J\d+$/.test(socket) || parts(m).includes(socket));

export const identity = (m: Model): string => m.policy.identity.kind;
const manyMax = ({ policy }: Model): number =>
  policy.identity.kind === 'allow' ? policy.identity.max : Infinity;

const secondOfEndpoint = (m: Model, address: string): boolean =>
  identity(m) === 'reject-new' && here(m, address) > 0;
const endpointWaits = (m: Model, address: string): boolean =>
  identity(m) !== 'allow' && m.waiting.some((join) => join.address === address);
const endpointFull = (m: Model, address: string): boolean => here(m, address) >= manyMax(m);
const notListed = ({ policy: { allow, deny } }: Model, address: string): boolean =>
  deny.includes(nodeIn(address)) || (allow !== null && !allow.includes(nodeIn(address)));
function noPlace(m: Model, address: string, admitting?: JoinId): boolean {
  if (identity(m) === 'replace-old' && here(m, address) > 0) return false;
  const promised = m.waiting.filter(({ id, kind }) => kind === 'invitation' && id !== admitting);
  return m.policy.capacity !== null && m.members.length + promised.length >= m.policy.capacity;
}

type Flowing = Pick<Waiting, 'flags'> & { readonly qos?: Qos | undefined };

// What a join would reserve of a direction, as its leaf sees it. An invitation is said from the other end.
function rate(kind: Waiting['kind'], { flags, qos }: Flowing, side: 'sending' | 'receiving') {
  const swapped = side === 'sending' ? 'receiving' : 'sending';
  const said = kind === 'invitation' ? swapped : side;
  const idle = { 'sender-only': 'receiving', 'receiver-only': 'sending', both: '' }[flags];
  const spec = said === idle ? undefined : qos?.[said];
  const isNothing = spec === undefined || spec.serviceType === 0 || spec.tokenRate === 0xffffffff;
  return isNothing ? 0 : spec.tokenRate;
}

function tooMuch(
  m: Model,
  kind: Waiting['kind'],
  asking: Flowing,
  address: string,
  admitting?: JoinId,
): boolean {
  const staying = m.members.filter(
    (member) => identity(m) !== 'replace-old' || member.address !== address,
  );
  const promised = m.waiting.filter((one) => one.kind === 'invitation' && one.id !== admitting);
  return (['sending', 'receiving'] as const).some((side) => {
    const share = m.policy.budget?.[side];
    const asked = rate(kind, asking, side);
    if (share === undefined || asked === 0) return false;
    const held = [...staying, ...promised].map((one) => rate(one.kind, one, side));
    const sum = held.reduce((total, each) => total + each, asked);
    const count = held.filter((each) => each > 0).length + 1;
    return sum > (share.bytesPerSecond ?? Infinity) || count > (share.members ?? Infinity);
  });
}

function tooMuchToAccept(m: Model, id: JoinId): boolean {
  const join = waitingFor(m, id);
  return join !== undefined && tooMuch(m, join.kind, join, join.address, id);
}

const whoAnswers = (m: Model, id: JoinId, acceptor: SocketId | null, node: string): boolean => {
  const join = waitingFor(m, id);
  return join?.kind === 'invitation'
    ? nodeIn(join.address) === node
    : m.orphaned === null && acceptor === m.root;
};
export const addressOf = (m: Model, id: JoinId): string => waitingFor(m, id)?.address ?? '';
const invites = (m: Model, id: JoinId): boolean => waitingFor(m, id)?.kind === 'invitation';

const forTheRoot: readonly Check<{ readonly root: SocketId | null }>[] = [
  ['WSAESHUTDOWN', 'R143', (m, { root }) => wasShut(m, root)],
  ['WSAENOTSOCK', 'E13', (m, { root }) => !isRoot(m, root)],
];

/** What can be wrong with each command, in the order in which it is looked at. */
export const checks: Checks = {
  OpenSession: [
    ['WSAEADDRINUSE', 'R12', (m, c) => isHeld(m, c) && !isThere(m, c)],
    ['WSAEADDRINUSE', 'H21', (m, { root }) => isForAnother(m, nodeIn(root ?? ''))],
    ['WSAEACCES', 'H20', (m, { root }) => isStranger(m, root)],
    ['WSAEINVAL', 'H20', (m, { root }) => succeeds(m, root) && taken(m, root)],
    ['WSAEINVAL', 'H20', (m, { root, data }) => succeeds(m, root) && data !== m.data],
  ],
  Listen: forTheRoot,
  ChangePolicy: forTheRoot,
  InviteLeaf: [
    ['WSAESHUTDOWN', 'R143', (m, { caller }) => wasShut(m, caller)],
    ['WSAENOTSOCK', 'E13', (m, { caller }) => !isRoot(m, caller)],
    ['WSAEALREADY', 'R50', (m) => invitation(m) !== undefined],
    ['WSAEINVAL', 'R33', (m, { link }) => taken(m, link)],
    ['WSAEISCONN', 'R59', (m, { leafAddress }) => secondOfEndpoint(m, leafAddress)],
    ['WSAEALREADY', 'H3', (m, { leafAddress }) => endpointWaits(m, leafAddress)],
    ['WSAEISCONN', 'H3', (m, { leafAddress }) => endpointFull(m, leafAddress)],
    ['WSAECONNREFUSED', 'H4', (m, { leafAddress }) => notListed(m, leafAddress)],
    ['WSAENOBUFS', 'H5', (m, { leafAddress }) => noPlace(m, leafAddress)],
    ['WSAEOPNOTSUPP', 'R102', (m, c) => tooMuch(m, 'invitation', c, c.leafAddress)],
    ['WSAENETUNREACH', 'E11', (_, { leafNode }) => leafNode !== 'up'],
  ],
  RequestJoin: [
    ['WSAECONNREFUSED', 'R35', (m) => !isOpen(m)],
    ['WSAEALREADY', 'R50', (m, c) => requests(m).some(({ caller }) => caller === c.caller)],
    ['WSAEISCONN', 'R57', (m, { caller }) => m.members.some(({ leaf }) => leaf === caller)],
    ['WSAEINVAL', 'E17', (m, { caller }) => taken(m, caller)],
    ['WSAECONNREFUSED', 'H19', (m) => m.orphaned !== null],
    ['WSAECONNREFUSED', 'R35', (m) => !m.isGroup && m.backlog === null],
    ['WSAEISCONN', 'R59', (m, { leafAddress }) => secondOfEndpoint(m, leafAddress)],
    ['WSAEALREADY', 'H3', (m, { leafAddress }) => endpointWaits(m, leafAddress)],
    ['WSAEISCONN', 'H3', (m, { leafAddress }) => endpointFull(m, leafAddress)],
    ['WSAECONNREFUSED', 'H4', (m, { leafAddress }) => notListed(m, leafAddress)],
    ['WSAENOBUFS', 'H5', (m, { leafAddress }) => noPlace(m, leafAddress)],
    ['WSAEOPNOTSUPP', 'R102', (m, c) => tooMuch(m, 'request', c, c.leafAddress)],
    ['WSAECONNREFUSED', 'R23', (m) => mustWait(m) && requests(m).length >= (m.backlog ?? 0)],
  ],
  AcceptJoin: [
    ['WSAEACCES', 'R87', (m, { join }) => waitingFor(m, join) === undefined],
    ['WSAEINVAL', 'R86', (m, c) => !whoAnswers(m, c.join, c.acceptor, nodeIn(c.acceptor))],
    ['WSAEINVAL', 'R33', (m, { join, accepted }) => !invites(m, join) && taken(m, accepted)],
    [
      'WSAEINVAL',
      'H6',
      (m, c) => invites(m, c.join) && (c.accepted === null || taken(m, c.accepted)),
    ],
    ['WSAEISCONN', 'R59', (m, { join }) => secondOfEndpoint(m, addressOf(m, join))],
    ['WSAEISCONN', 'H3', (m, { join }) => endpointFull(m, addressOf(m, join))],
    ['WSAECONNREFUSED', 'H4', (m, { join }) => notListed(m, addressOf(m, join))],
    ['WSAENOBUFS', 'H5', (m, { join }) => noPlace(m, addressOf(m, join), join)],
    ['WSAEOPNOTSUPP', 'R102', (m, { join }) => tooMuchToAccept(m, join)],
  ],
  RejectJoin: [
    ['WSAEACCES', 'R87', (m, { join }) => waitingFor(m, join) === undefined],
    ['WSAEINVAL', 'R86', (m, { join, acceptor, node }) => !whoAnswers(m, join, acceptor, node)],
  ],
  DeferJoin: [
    ['WSAEACCES', 'R87', (m, { join }) => waitingFor(m, join) === undefined],
    ['WSAEINVAL', 'R86', (m, c) => !whoAnswers(m, c.join, c.acceptor, nodeIn(c.acceptor))],
  ],
  CloseSocket: [],
  ShutdownSession: [
    ['WSAENOTCONN', 'R143', (m, { root }) => !isRoot(m, root) && !wasShut(m, root)],
  ],
  CloseGroup: [['WSAEINVAL', 'H7', (m) => isOpen(m) && !m.isGroup]],
  ExpireJoins: [],
  LoseNode: [],
  SettleCommand: [['WSAENETDOWN', 'H12', () => true]],
};

const isThere = (m: Model, { root, policy }: CommandOf<'OpenSession'>): boolean =>
  root === null && m.isGroup && JSON.stringify(m.policy) === JSON.stringify(policy);
export const succeeds = (m: Model, root: SocketId | null): boolean =>
  isOpen(m) && m.orphaned !== null && root !== null;
const isHeld = (m: Model, { root }: CommandOf<'OpenSession'>): boolean =>
  m.phase === 'shut' || (isOpen(m) && !succeeds(m, root));
const isForAnother = (m: Model, node: string): boolean => {
  const heir = m.orphaned?.heir ?? null;
  return heir !== null && node !== '' && nodeIn(heir) !== node;
};
// Somebody whom the lists turn away, and whose node did not keep the session before.
const isStranger = (m: Model, root: SocketId | null): boolean =>
  root !== null &&
  m.orphaned?.heir === null &&
  nodeIn(m.orphaned.lost) !== nodeIn(root) &&
  notListed(m, root);
export const mustWait = (m: Model): boolean => !m.isGroup && m.policy.admit === 'ask';
