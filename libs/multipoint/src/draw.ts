// Commands and events by chance, for property tests. The world they speak of is small, so that the
// same sockets, endpoints and joins meet often; chance itself is handed in.
import { nodeAddress, nodeOf, type NodeAddress, type SessionAddress } from './address.js';
import type { LossEvidence, SessionCommand } from './command.js';
import type { Base64, JoinFlags, JoinId, SessionEvent } from './event.js';
import type { AdmissionPolicy, IdentityPolicy } from './policy.js';
import {
  notSpecified,
  serviceTypes,
  type DirectionBudget,
  type FlowBudget,
  type FlowSpec,
  type Qos,
} from './qos.js';
import { assert } from './result.js';
import { outstanding, type Join, type OpenSession, type Session } from './session.js';
import { linkMadeFor, socketId, socketParts, type SocketId } from './socket-id.js';

/** Answers a whole number from 0 to `max`, both included. */
export type Chance = (max: number) => number;

const nodes = ['ada', 'bob', 'carol', 'dave'] as const;
const runs = ['run1', 'run1', 'run1', 'run2'] as const;
const root = socketId({ node: 'ada', incarnation: 'run1', serial: '1' });

/** Draws any command, most often one that fits what the session knows; valid on the wire. */
export function drawCommand(chance: Chance, session: Session): SessionCommand {
  const draw = pick(chance, session.phase === 'open' ? commandsWhenOpen : commandsOtherwise);
  return chance(4) === 0 ? draw(chance, session) : sensible(draw, session)(chance, session);
}

// Who would ask where nobody listens, or accept where nobody waits? Now and then somebody does.
function sensible(draw: DrawCommand, session: Session): DrawCommand {
  if (session.phase !== 'open') return draw;
  // Without a root, most commands have to wait for one.
  if (session.vacancy !== null)
    return draw === ask || draw === expire || draw === lose ? draw : open;
  const isDeaf = session.root !== null && session.backlog === null;
  const nobodyWaits = outstanding(session).length === 0;
  if ((draw === accept || draw === reject || draw === defer) && nobodyWaits) {
    return isDeaf ? invite : ask;
  }
  return draw === ask && isDeaf ? listen : draw;
}

/** Draws any event, without regard to any session; valid on the wire. */
export const drawEvent = (chance: Chance): SessionEvent => pick(chance, events)(chance);

type DrawCommand = (chance: Chance, session: Session) => SessionCommand;

const open: DrawCommand = (chance, session) => {
  const isVacant = session.phase === 'open' && session.vacancy !== null;
  if (isVacant && chance(4) > 0) return succeed(chance, session);
  const isGroup = chance(3) === 0;
  return {
    type: 'OpenSession',
    address: (isGroup ? '@news' : 'conf-7') as SessionAddress,
    root: isGroup ? null : root,
    control: isGroup ? 'nonrooted' : 'rooted',
    data: isGroup ? 'nonrooted' : plane(chance),
    policy: policy(chance),
  };
};

// Somebody comes for a session that has lost its root; mostly the heir, where there is one.
const succeed = (chance: Chance, session: OpenSession): SessionCommand => {
  const heir = session.vacancy?.heir ?? null;
  const node = heir === null || chance(3) === 0 ? pick(chance, nodes) : nodeOfSocket(heir);
  return {
    type: 'OpenSession',
    address: session.address,
    root: chance(5) === 0 ? knownSocket(chance, session) : anySocket(chance, node),
    control: 'rooted',
    data: chance(5) === 0 ? plane(chance) : session.data,
    policy: policy(chance),
  };
};

const nodeOfSocket = (socket: SocketId): string => socketParts(socket).node;

const listen: DrawCommand = (chance, session) => ({
  type: 'Listen',
  root: rootOf(chance, session) ?? root,
  backlog: chance(4),
});

const changePolicy: DrawCommand = (chance, session) => ({
  type: 'ChangePolicy',
  root: rootOf(chance, session),
  changes: changes(chance),
});

const invite: DrawCommand = (chance, session) => ({
  type: 'InviteLeaf',
  caller: rootOf(chance, session) ?? anySocket(chance),
  leafAddress: endpoint(chance),
  link: chance(5) === 0 ? knownSocket(chance, session) : anySocket(chance, 'ada'),
  ...joining(chance),
  leafNode: pick(chance, ['up', 'up', 'up', 'up', 'unknown', 'lost'] as const),
});

const ask: DrawCommand = (chance, session) => {
  const node = pick(chance, nodes);
  return {
    type: 'RequestJoin',
    caller: chance(5) === 0 ? knownSocket(chance, session) : anySocket(chance, node),
    leafAddress: endpoint(chance, node),
    ...joining(chance),
  };
};

const accept: DrawCommand = (chance, session) => {
  const { join, acceptor, node } = answering(chance, session);
  return {
    type: 'AcceptJoin',
    join,
    acceptor,
    accepted: maybe(chance, () =>
      chance(5) === 0 ? knownSocket(chance, session) : anySocket(chance, node),
    ),
    calleeData: data(chance),
  };
};

const reject: DrawCommand = (chance, session) => {
  const { join, acceptor, node } = answering(chance, session);
  const reason = pick(chance, ['rejected', 'nobody-listens', 'backlog-full'] as const);
  return { type: 'RejectJoin', join, acceptor: chance(3) === 0 ? null : acceptor, node, reason };
};

const defer: DrawCommand = (chance, session) => {
  const { join, acceptor } = answering(chance, session);
  return { type: 'DeferJoin', join, acceptor };
};

const close: DrawCommand = (chance, session) => ({
  type: 'CloseSocket',
  socket: chance(3) === 0 ? anySocket(chance) : knownSocket(chance, session),
  ...(chance(3) === 0 ? { abortive: true } : {}),
});

const shutdown: DrawCommand = (chance, session) => ({
  type: 'ShutdownSession',
  root: rootOf(chance, session) ?? anySocket(chance),
  how: pick(chance, ['receive', 'send', 'both'] as const),
});

const expire: DrawCommand = (chance) => ({ type: 'ExpireJoins', now: time(chance) });

const lose: DrawCommand = (chance, session) => ({
  type: 'LoseNode',
  ...runToLose(chance, session),
  evidence: evidence(chance),
  now: time(chance),
});

// That of the root or of its heir, now and then: both have consequences.
function runToLose(chance: Chance, session: Session) {
  const about = session.phase === 'open' ? (session.root ?? session.vacancy?.heir ?? null) : null;
  if (about === null || chance(1) === 0) {
    return { node: pick(chance, nodes), incarnation: pick(chance, runs) };
  }
  const { node, incarnation } = socketParts(about);
  return { node, incarnation };
}

const settle: DrawCommand = (chance) => ({ type: 'SettleCommand', node: pick(chance, nodes) });

const closeGroup: DrawCommand = () => ({ type: 'CloseGroup' });

const times = (count: number, draw: DrawCommand): readonly DrawCommand[] =>
  Array.from({ length: count }, () => draw);

// A session is to live for a while and to fill up.
const commandsWhenOpen: readonly DrawCommand[] = [
  ...[times(9, ask), times(8, accept), times(5, invite), times(4, close)].flat(),
  ...[times(2, listen), times(2, changePolicy), times(2, expire)].flat(),
  ...[reject, defer, lose, open, closeGroup, shutdown, settle],
];
const commandsOtherwise: readonly DrawCommand[] = [
  ...[times(4, open), times(2, close)].flat(),
  ...[
    listen,
    changePolicy,
    invite,
    ask,
    accept,
    reject,
    defer,
    shutdown,
    expire,
    lose,
    closeGroup,
    settle,
  ],
];

const events: readonly ((chance: Chance) => SessionEvent)[] = [
  (chance) => ({
    type: 'SessionOpened',
    address: pick(chance, ['conf-7', '@news']) as SessionAddress,
    incarnation: 1 + chance(3),
    control: plane(chance),
    data: plane(chance),
    root: maybe(chance, () => anySocket(chance)),
    policy: policy(chance),
  }),
  (chance) => ({ type: 'ListenStarted', backlog: 1 + chance(4) }),
  (chance) => ({ type: 'PolicyChanged', policy: policy(chance) }),
  (chance) => ({
    type: 'CommandSettled',
    code: pick(chance, ['WSAEALREADY', 'WSAENETDOWN', null] as const),
    facts: maybe(chance, () => ({ recorded: false })),
    basedOn: { revision: chance(9), decisions: chance(3) },
  }),
  (chance) => ({
    type: 'JoinRequested',
    join: joinId(chance),
    kind: pick(chance, ['invitation', 'request', 'group'] as const),
    caller: anySocket(chance),
    leafAddress: endpoint(chance),
    link: maybe(chance, () => anySocket(chance)),
    flags: flags(chance),
    callerData: data(chance),
    ...qosOrNone(chance),
    deadlineAt: maybe(chance, () => time(chance)),
  }),
  (chance) => ({ type: 'JoinDeferred', join: joinId(chance) }),
  (chance) => ({
    type: 'LeafAdmitted',
    join: joinId(chance),
    leaf: anySocket(chance),
    link: maybe(chance, () => anySocket(chance)),
    calleeData: data(chance),
  }),
  (chance) => ({
    type: 'JoinFailed',
    join: joinId(chance),
    code: pick(chance, ['WSAECONNREFUSED', 'WSAETIMEDOUT', 'WSAENETUNREACH'] as const),
    reason: pick(chance, ['rejected', 'backlog-trimmed', 'timed-out', 'session-over'] as const),
  }),
  (chance) => ({
    type: 'JoinCancelled',
    join: joinId(chance),
    reason: pick(chance, ['closed', 'node-lost', 'session-over'] as const),
  }),
  (chance) => ({
    type: 'MemberLeft',
    leaf: anySocket(chance),
    departure: pick(chance, [
      'leaf-closed',
      'link-closed',
      'leaf-reset',
      'link-reset',
      'replaced',
      'node-lost',
    ] as const),
  }),
  (chance) => ({
    type: 'RootLost',
    root: anySocket(chance),
    heir: maybe(chance, () => anySocket(chance)),
    until: time(chance),
  }),
  (chance) => ({ type: 'HeirElected', heir: anySocket(chance) }),
  (chance) => ({ type: 'RootReplaced', root: anySocket(chance), incarnation: 1 + chance(3) }),
  () => ({ type: 'SessionShutDown' }),
  (chance) => ({
    type: 'SessionClosed',
    ending: pick(chance, ['root-closed', 'root-reset', 'root-lost', 'group-closed'] as const),
  }),
];

function pick<T>(chance: Chance, choices: readonly T[]): T {
  const choice = choices[chance(choices.length - 1)];
  assert(choice !== undefined, 'chance stays within the choices');
  return choice;
}

const maybe = <T>(chance: Chance, value: () => T): T | null => (chance(3) === 0 ? null : value());

const time = (chance: Chance): number => 1_000 * chance(8);
const plane = (chance: Chance) => pick(chance, ['rooted', 'nonrooted'] as const);
const joinId = (chance: Chance): JoinId => `J${1 + chance(7)}`;
const data = (chance: Chance): Base64 | null => pick(chance, [null, null, 'aGVsbG8=']);

const flags = (chance: Chance): JoinFlags =>
  pick(chance, ['both', 'sender-only', 'receiver-only'] as const);

const anySocket = (chance: Chance, node: string = pick(chance, nodes)): SocketId =>
  socketId({ node, incarnation: pick(chance, runs), serial: String(1 + chance(9)) });

const endpoint = (chance: Chance, node: string = pick(chance, nodes)): NodeAddress =>
  nodeAddress(node, pick(chance, [1, 1, 1, 2]));

const joining = (chance: Chance) => ({
  flags: flags(chance),
  callerData: data(chance),
  ...qosOrNone(chance),
  now: time(chance),
  deadlineMs: maybe(chance, () => 500 * (1 + chance(9))),
});

function policy(chance: Chance): AdmissionPolicy {
  return {
    admit: pick(chance, ['ask', 'ask', 'auto'] as const),
    capacity: pick(chance, [null, 1, 2, 3]),
    identity: identity(chance),
    allow: pick(chance, [null, null, null, ['bob', 'carol']]),
    deny: pick(chance, [[], [], [], ['carol', 'dave']]),
    joinDeadlineMs: 1_000 * (1 + chance(3)),
    budget: budget(chance),
    rootLoss: pick(chance, ['close-all', 'linger', 'elect-oldest'] as const),
    lingerMs: 1_000 * (1 + chance(3)),
  };
}

// Few sizes, so that some fit beside each other and some do not.
const rates = [0, 10, 40, 60, notSpecified] as const;

function flowSpec(chance: Chance): FlowSpec {
  const tokenRate = pick(chance, rates);
  return {
    tokenRate,
    tokenBucketSize: notSpecified,
    peakBandwidth: notSpecified,
    latency: notSpecified,
    delayVariation: notSpecified,
    serviceType: tokenRate === 0 ? serviceTypes.noTraffic : serviceTypes.bestEffort,
    maxSduSize: notSpecified,
    minimumPolicedSize: notSpecified,
  };
}

const qosOrNone = (chance: Chance): { readonly qos?: Qos } =>
  chance(2) > 0
    ? {}
    : {
        qos: {
          sending: flowSpec(chance),
          receiving: flowSpec(chance),
          providerSpecific: data(chance),
        },
      };

const budget = (chance: Chance): FlowBudget | null =>
  chance(1) === 0 ? null : { sending: share(chance), receiving: share(chance) };

const share = (chance: Chance): DirectionBudget => ({
  bytesPerSecond: pick(chance, [null, 0, 50, 100]),
  members: pick(chance, [null, null, 1, 2]),
});

const identity = (chance: Chance): IdentityPolicy =>
  pick(chance, [
    { kind: 'reject-new' },
    { kind: 'replace-old' },
    { kind: 'allow', max: 1 },
    { kind: 'allow', max: 2 },
  ] as const);

// A change names some of the fields, and often the one alone that can contradict who is waiting.
function changes(chance: Chance): Partial<AdmissionPolicy> {
  if (chance(1) === 0) return { identity: identity(chance) };
  const named = Object.entries(policy(chance)).filter(() => chance(1) === 0);
  return Object.fromEntries(named);
}

function evidence(chance: Chance): LossEvidence {
  return pick(chance, [
    { kind: 'silent', silentMs: 15_200, boundMs: 15_000 },
    { kind: 'superseded', by: 'run9' },
    { kind: 'stopped' },
  ] as const);
}

// The root itself, mostly; null for a group.
function rootOf(chance: Chance, session: Session): SocketId | null {
  if (chance(9) === 0) return anySocket(chance);
  return session.phase === 'open' || session.phase === 'shut' ? session.root : root;
}

/** A waiting join and the side that may answer it, mostly; sometimes anything. */
function answering(chance: Chance, session: Session) {
  const waiting = session.phase === 'open' ? outstanding(session) : [];
  const join: Join | undefined = waiting.length === 0 ? undefined : pick(chance, waiting);
  if (join === undefined || chance(7) === 0) {
    const node = pick(chance, nodes);
    return { join: joinId(chance), acceptor: anySocket(chance, node), node };
  }
  const node = join.kind === 'invitation' ? nodeOf(join.leafAddress) : 'ada';
  const acceptor =
    join.kind === 'invitation' ? anySocket(chance, node) : (rootOf(chance, session) ?? root);
  return { join: join.id, acceptor, node };
}

function knownSocket(chance: Chance, session: Session): SocketId {
  if (session.phase !== 'open') return root;
  const members = [...session.members.values()];
  const known = [
    ...members.flatMap(({ leaf, link }) => [leaf, link]),
    ...outstanding(session).flatMap(({ caller, link }) => [caller, link]),
    chance(5) === 0 ? session.root : null,
    linkMadeFor(root, joinId(chance)),
  ].filter((socket) => socket !== null);
  return pick(chance, known);
}
