import { nodeOf, type SessionAddress } from '../address.js';
import type { SessionCommand } from '../command.js';
import { outstanding, type Join, type OpenSession, type Session } from '../session.js';
import { linkMadeFor, socketParts, type SocketId } from '../socket-id.js';
import {
  type Chance,
  nodes,
  runs,
  root,
  pick,
  maybe,
  time,
  plane,
  joinId,
  data,
  anySocket,
  endpoint,
  joining,
  policy,
  changes,
  evidence,
} from './values.js';

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
