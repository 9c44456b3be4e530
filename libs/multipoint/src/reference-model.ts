// The law a second time, as plainly as it can be said: lists, and for each command its checks in the
// order of docs/SPEC.md. Slow, and for tests alone: what `decide` and `evolve` do is compared with it.
import type { CommandOf, SessionCommand } from './command.js';
import type { JoinFailure, JoinFlags, JoinId, JoinKind, SessionEvent } from './event.js';
import { winsockPolicy, type AdmissionPolicy } from './policy.js';
import type { Qos } from './qos.js';
import type { SocketId } from './socket-id.js';
import type { Rule, WsaCode } from './wsa.js';

interface Waiting {
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

interface Inside {
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
  policy: winsockPolicy,
  backlog: null,
  joinCount: 0,
  waiting: [],
  members: [],
});

type Check<C> = readonly [code: WsaCode, rule: Rule, applies: (m: Model, command: C) => boolean];

type Checks = {
  readonly [T in SessionCommand['type']]: readonly Check<CommandOf<T>>[];
};

const isOpen = (m: Model): boolean => m.phase === 'open';
const isRoot = (m: Model, who: SocketId | null): boolean => isOpen(m) && m.root === who;
const wasShut = (m: Model, who: SocketId | null): boolean => m.phase === 'shut' && m.root === who;

const here = (m: Model, address: string): number =>
  m.members.filter((member) => member.address === address).length;
const invitation = (m: Model): Waiting | undefined =>
  m.waiting.find(({ kind }) => kind === 'invitation');
const requests = (m: Model): Waiting[] => m.waiting.filter(({ kind }) => kind !== 'invitation');
const waitingFor = (m: Model, id: JoinId): Waiting | undefined =>
  isOpen(m) ? m.waiting.find((join) => join.id === id) : undefined;
const nodeIn = (text: string): string => text.split(/[/:]/)[0] ?? '';

const parts = (m: Model): (SocketId | null)[] => [
  m.root,
  ...m.members.flatMap(({ leaf, link }) => [leaf, link]),
  ...m.waiting.flatMap(({ kind, caller, link }) => [kind === 'invitation' ? null : caller, link]),
];
const taken = (m: Model, socket: SocketId | null): boolean =>
  socket !== null && (/\/J\d+$/.test(socket) || parts(m).includes(socket));

const identity = (m: Model): string => m.policy.identity.kind;
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
  return join?.kind === 'invitation' ? nodeIn(join.address) === node : acceptor === m.root;
};
const addressOf = (m: Model, id: JoinId): string => waitingFor(m, id)?.address ?? '';
const invites = (m: Model, id: JoinId): boolean => waitingFor(m, id)?.kind === 'invitation';

const forTheRoot: readonly Check<{ readonly root: SocketId | null }>[] = [
  ['WSAESHUTDOWN', 'R143', (m, { root }) => wasShut(m, root)],
  ['WSAENOTSOCK', 'E13', (m, { root }) => !isRoot(m, root)],
];

/** What can be wrong with each command, in the order in which it is looked at. */
export const checks: Checks = {
  OpenSession: [
    ['WSAEADDRINUSE', 'R12', (m, c) => (isOpen(m) || m.phase === 'shut') && !isThere(m, c)],
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
const mustWait = (m: Model): boolean => !m.isGroup && m.policy.admit === 'ask';

/** What the model says to a command: the first check that applies, or what happens. */
export function judge(
  m: Model,
  command: SessionCommand,
): { readonly code: WsaCode; readonly rule: Rule } | readonly SessionEvent[] {
  // Each list of checks fits the command of its own name.
  const inOrder = checks[command.type] as readonly Check<SessionCommand>[];
  const wrong = inOrder.find(([, , applies]) => applies(m, command));
  return wrong === undefined ? happens(m, command) : { code: wrong[0], rule: wrong[1] };
}

function happens(m: Model, c: SessionCommand): readonly SessionEvent[] {
  switch (c.type) {
    case 'OpenSession': {
      if (isOpen(m)) return [];
      return [{ ...c, type: 'SessionOpened', incarnation: m.incarnation + 1 }];
    }
    case 'Listen': {
      const backlog = Math.max(1, Math.min(4_096, Math.trunc(c.backlog)));
      const dropped = requests(m)
        .slice(backlog)
        .map(({ id }) => refusal(id, 'backlog-trimmed'));
      return backlog === m.backlog ? [] : [{ type: 'ListenStarted', backlog }, ...dropped];
    }
    case 'ChangePolicy': {
      const policy = { ...m.policy, ...c.changes };
      const same = JSON.stringify(policy) === JSON.stringify(m.policy);
      return same ? [] : [{ type: 'PolicyChanged', policy }];
    }
    case 'InviteLeaf':
    case 'RequestJoin':
      return joins(m, c);
    case 'AcceptJoin': {
      const { join: id, accepted, calleeData } = c;
      const join = waitingFor(m, id);
      if (join === undefined) return [];
      const [leaf, link] =
        join.kind === 'invitation'
          ? [accepted ?? join.caller, join.link]
          : [join.caller, accepted ?? made(m, id)];
      const admitted = { type: 'LeafAdmitted', join: id, leaf, link, calleeData } as const;
      return [...makesWay(m, join.address), admitted];
    }
    case 'RejectJoin':
      return [refusal(c.join, c.reason)];
    case 'DeferJoin':
      return waitingFor(m, c.join)?.deferred ? [] : [{ type: 'JoinDeferred', join: c.join }];
    case 'CloseSocket':
      return closed(m, c.socket, c.abortive === true);
    case 'ShutdownSession':
      return isOpen(m) && c.how !== 'receive'
        ? [...nobodyWaits(m), { type: 'SessionShutDown' }]
        : [];
    case 'CloseGroup':
      return isOpen(m)
        ? [...nobodyWaits(m), { type: 'SessionClosed', ending: 'group-closed' }]
        : [];
    case 'ExpireJoins':
      return (isOpen(m) ? inOrder(m) : [])
        .filter(({ deadlineAt }) => deadlineAt !== null && deadlineAt <= c.now)
        .map(({ id }) => refusal(id, 'timed-out', 'WSAETIMEDOUT'));
    case 'LoseNode':
      return lost(m, `${c.node}/${c.incarnation}/`);
    case 'SettleCommand':
      return [];
  }
}

function joins(
  m: Model,
  c: CommandOf<'InviteLeaf'> | CommandOf<'RequestJoin'>,
): readonly SessionEvent[] {
  const { caller, leafAddress, flags, callerData, qos, now, deadlineMs } = c;
  const join: JoinId = `J${m.joinCount + 1}`;
  const isInvitation = c.type === 'InviteLeaf';
  const waits = isInvitation || mustWait(m);
  const request: SessionEvent = {
    type: 'JoinRequested',
    join,
    kind: isInvitation ? 'invitation' : m.isGroup ? 'group' : 'request',
    caller,
    leafAddress,
    link: isInvitation ? c.link : null,
    flags,
    callerData,
    ...(qos && { qos }),
    deadlineAt: waits ? now + Math.min(deadlineMs ?? Infinity, m.policy.joinDeadlineMs) : null,
  };
  if (waits) return [request];
  const link = m.isGroup ? null : made(m, join);
  const admitted = { type: 'LeafAdmitted', join, leaf: caller, link, calleeData: null } as const;
  return [request, ...makesWay(m, leafAddress), admitted];
}

const made = (m: Model, join: JoinId): SocketId =>
  (m.root ?? '').replace(/[^/]*$/, join) as SocketId;

const makesWay = (m: Model, address: string): SessionEvent[] =>
  m.members
    .filter((member) => identity(m) === 'replace-old' && member.address === address)
    .map(({ leaf }) => ({ type: 'MemberLeft', leaf, departure: 'replaced' }));

const refusal = (
  join: JoinId,
  reason: JoinFailure,
  code: WsaCode = 'WSAECONNREFUSED',
): SessionEvent => ({ type: 'JoinFailed', join, code, reason });

const inOrder = (m: Model): Waiting[] => {
  const first = invitation(m);
  return first === undefined ? requests(m) : [first, ...requests(m)];
};

const nobodyWaits = (m: Model): SessionEvent[] =>
  inOrder(m).map(({ id, kind }) =>
    kind === 'invitation'
      ? { type: 'JoinCancelled', join: id, reason: 'session-over' }
      : refusal(id, 'session-over'),
  );

function closed(m: Model, socket: SocketId, isAbortive: boolean): readonly SessionEvent[] {
  if (wasShut(m, socket)) return [{ type: 'SessionClosed', ending: 'root-closed' }];
  if (!isOpen(m)) return [];
  if (m.root === socket) {
    const ending = isAbortive ? 'root-reset' : 'root-closed';
    return [...nobodyWaits(m), { type: 'SessionClosed', ending }];
  }
  const join = m.waiting.find(({ kind, caller, link }) =>
    kind === 'invitation' ? link === socket : caller === socket,
  );
  if (join !== undefined) return [{ type: 'JoinCancelled', join: join.id, reason: 'closed' }];
  return m.members
    .filter(({ leaf, link }) => leaf === socket || link === socket)
    .map(({ leaf }) => {
      const who = leaf === socket ? 'leaf' : 'link';
      const departure = `${who}-${isAbortive ? 'reset' : 'closed'}` as const;
      return { type: 'MemberLeft', leaf, departure };
    });
}

function lost(m: Model, run: string): readonly SessionEvent[] {
  if (m.phase !== 'open' && m.phase !== 'shut') return [];
  if (m.root?.startsWith(run)) {
    return [...nobodyWaits(m), { type: 'SessionClosed', ending: 'root-lost' }];
  }
  return [
    ...requests(m)
      .filter(({ caller }) => caller.startsWith(run))
      .map(({ id }) => ({ type: 'JoinCancelled', join: id, reason: 'node-lost' }) as const),
    ...m.members
      .filter(({ leaf }) => leaf.startsWith(run))
      .map(({ leaf }) => ({ type: 'MemberLeft', leaf, departure: 'node-lost' }) as const),
  ];
}

/** Writes an event of the law into the lists. */
export function apply(m: Model, event: SessionEvent): void {
  switch (event.type) {
    case 'SessionOpened': {
      const { incarnation, root, policy } = event;
      const { joinCount } = m;
      const isGroup = root === null;
      Object.assign(m, { ...newModel(), phase: 'open', joinCount });
      Object.assign(m, { incarnation, root, policy, isGroup });
      return;
    }
    case 'ListenStarted':
      m.backlog = event.backlog;
      return;
    case 'PolicyChanged':
      m.policy = event.policy;
      return;
    case 'JoinRequested': {
      const { join: id, kind, caller, leafAddress: address, link, deadlineAt } = event;
      const { flags, qos } = event;
      m.joinCount += 1;
      const base = { id, kind, caller, address, link, deadlineAt, flags, qos };
      m.waiting.push({ ...base, deferred: false });
      return;
    }
    case 'CommandSettled':
      return;
    case 'JoinDeferred':
      for (const join of m.waiting) if (join.id === event.join) join.deferred = true;
      return;
    case 'LeafAdmitted': {
      const { join, leaf, link } = event;
      const { kind = 'request', flags = 'both', qos } = waitingFor(m, join) ?? {};
      m.members.push({ leaf, link, join, address: addressOf(m, join), kind, flags, qos });
      m.waiting = m.waiting.filter(({ id }) => id !== join);
      return;
    }
    case 'JoinFailed':
    case 'JoinCancelled':
      m.waiting = m.waiting.filter(({ id }) => id !== event.join);
      return;
    case 'MemberLeft':
      m.members = m.members.filter(({ leaf }) => leaf !== event.leaf);
      return;
    case 'SessionShutDown':
      Object.assign(m, { phase: 'shut', waiting: [], members: [], backlog: null });
      return;
    case 'SessionClosed':
      Object.assign(m, { phase: 'closed', waiting: [], members: [], backlog: null, root: null });
  }
}
