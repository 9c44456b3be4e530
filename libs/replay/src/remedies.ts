import {
  evolve,
  joinById,
  nodeOf,
  socketId,
  socketParts,
  winsockPolicy,
  type AdmissionPolicy,
  type JoinId,
  type OpenSession,
  type SessionCommand,
  type SessionEvent,
  type SocketId,
} from '@joinleaf/multipoint';
import { blockingJoin, candidate, type Scene } from './because.js';
import { timeOfDay } from './clock.js';
import type { Idea } from './idea.js';
import { outcomeOf, type Decider, type Outcome } from './redecide.js';
import { anotherRoot, heirOpens, rightSuccessor } from './root-loss.js';

/** What would have to be different for a refused command to pass, and what the law says then. */
export interface Remedy {
  readonly words: string;
  /** The same command, decided with that difference; null where the words cannot be tried. */
  readonly then: Outcome | null;
}

/** Ways for a refused command to pass, each tried with the decider on the session it met. */
export function remedies(scene: Scene, decider: Decider): readonly Remedy[] {
  return ideas(scene).map(({ words, events, command }) => {
    if (events === undefined && command === undefined) return { words, then: null };
    const session = (events ?? []).reduce(evolve, scene.before);
    return { words, then: outcomeOf(command ?? scene.refusal.command, session, decider) };
  });
}

function ideas(scene: Scene): readonly Idea[] {
  const { refusal, before } = scene;
  const open = before.phase === 'open' ? before : null;
  const { command, session } = refusal;
  switch (refusal.rule) {
    case 'R12':
      return [{ words: `${session} is closed by its holder`, events: [closed] }];
    case 'R50':
      return outstandingEnds(scene);
    case 'R57':
      return alreadyMember(scene);
    case 'R59':
      return open === null ? [] : anotherLeaves(scene, open);
    case 'H3':
      return open === null ? [] : identityIdeas(scene, open);
    case 'H4':
      return open === null ? [] : listIdeas(scene, open);
    case 'H5':
      return open === null ? [] : roomIdeas(open);
    case 'R102':
      return open === null ? [] : budgetIdeas(open);
    case 'R23':
      return open === null ? [] : backlogIdeas(open);
    case 'H19':
      return open === null ? [] : anotherRoot(open);
    case 'H21':
      return heirOpens(command, before);
    case 'H20':
      return rightSuccessor(refusal, before);
    case 'R35':
      return [listening(scene)];
    case 'E11':
      return nodeStarts(command);
    case 'E13':
    case 'R143':
      return rightSocket(scene);
    case 'R86':
      return open === null ? [] : rightSide(open, command);
    case 'R87':
      return [{ words: 'never: the leaf has to join again, and that new join can be answered' }];
    case 'H6':
    case 'R33':
    case 'E17':
      return newSocket(command);
    case 'H9':
      return [{ words: 'the command gets an id of its own, which nobody used before' }];
    case 'H10':
      return [{ words: 'never from that run: the node asks again in its present one' }];
    case 'E18':
      return [{ words: 'the node starts first' }];
    case 'H7':
      return [{ words: `the root closes its c_root instead: joinleaf close ${session}` }];
    default:
      return [];
  }
}

const closed: SessionEvent = { type: 'SessionClosed', ending: 'root-closed' };

const cancelled = (join: JoinId): SessionEvent => ({
  type: 'JoinCancelled',
  join,
  reason: 'closed',
});

function outstandingEnds(scene: Scene): readonly Idea[] {
  const join = blockingJoin(scene);
  if (join === undefined) return [];
  const { id, kind, deadlineAt } = join;
  const latest = deadlineAt === null ? '' : ` (at ${timeOfDay(deadlineAt)} at the latest)`;
  const socket = kind === 'invitation' ? 'its c_leaf is closed' : 'its socket is closed';
  return [{ words: `${id} ends${latest}, or ${socket}`, events: [cancelled(id)] }];
}

// A socket that has joined stays joined; what helps is another socket, when the first one has left.
function alreadyMember({ refusal, before }: Scene): readonly Idea[] {
  const { command } = refusal;
  if (before.phase !== 'open' || command.type !== 'RequestJoin') return [];
  const member = before.members.get(command.caller);
  if (member === undefined) return [];
  return [
    {
      words: `the membership of ${member.join} ends, and a new socket asks`,
      events: [{ type: 'MemberLeft', leaf: member.leaf, departure: 'leaf-closed' }],
      command: { ...command, caller: anotherSocket(command.caller) },
    },
  ];
}

const anotherSocket = (socket: SocketId): SocketId =>
  socketId({ ...socketParts(socket), serial: '999999999' });

function anotherLeaves(scene: Scene, open: OpenSession): readonly Idea[] {
  const address = candidate(scene);
  if (address === null) return [];
  const leaves = open.leavesByAddress.get(address) ?? [];
  const events = leaves.map(
    (leaf) => ({ type: 'MemberLeft', leaf, departure: 'leaf-closed' }) as const,
  );
  return [
    { words: `the member at ${address} leaves`, events },
    {
      words: "the policy's identity becomes `replace-old` or `allow`",
      events: [policyChanged(open, { identity: { kind: 'replace-old' } })],
    },
  ];
}

const policyChanged = (open: OpenSession, change: Partial<AdmissionPolicy>): SessionEvent => ({
  type: 'PolicyChanged',
  policy: { ...open.policy, ...change },
});

function identityIdeas(scene: Scene, open: OpenSession): readonly Idea[] {
  if (scene.refusal.code === 'WSAEALREADY') return outstandingEnds(scene);
  const address = candidate(scene);
  const [oldest] = (address === null ? undefined : open.leavesByAddress.get(address)) ?? [];
  if (address === null || oldest === undefined) return [];
  const max = (open.policy.identity.kind === 'allow' ? open.policy.identity.max : 1) + 1;
  return [
    {
      words: `one of the members at ${address} leaves`,
      events: [{ type: 'MemberLeft', leaf: oldest, departure: 'leaf-closed' }],
    },
    {
      words: `the policy allows ${String(max)} or more`,
      events: [policyChanged(open, { identity: { kind: 'allow', max } })],
    },
  ];
}

function listIdeas(scene: Scene, open: OpenSession): readonly Idea[] {
  const address = candidate(scene);
  if (address === null) return [];
  const node = nodeOf(address);
  const { allow, deny } = open.policy;
  const ideasFound: Idea[] = [];
  if (deny.includes(node)) {
    const without = deny.filter((name) => name !== node);
    const words = `the policy's deny list no longer names ${node}`;
    ideasFound.push({ words, events: [policyChanged(open, { deny: without })] });
  } else if (allow !== null) {
    const words = `the policy's allow list names ${node}`;
    ideasFound.push({ words, events: [policyChanged(open, { allow: [...allow, node] })] });
  }
  return ideasFound;
}

function roomIdeas(open: OpenSession): readonly Idea[] {
  const [first] = open.members.keys();
  const capacity = (open.policy.capacity ?? 0) + 1;
  const ideasFound: Idea[] = [];
  if (first !== undefined) {
    ideasFound.push({
      words: 'a member leaves: its socket or its link is closed',
      events: [{ type: 'MemberLeft', leaf: first as SocketId, departure: 'leaf-closed' }],
    });
  }
  if (open.invitation !== null) {
    const { id } = open.invitation;
    const words = `the invitation ${id} ends without a member`;
    ideasFound.push({ words, events: [cancelled(id)] });
  }
  ideasFound.push({
    words: `the capacity is raised to ${String(capacity)} or more`,
    events: [policyChanged(open, { capacity })],
  });
  return ideasFound;
}

function budgetIdeas(open: OpenSession): readonly Idea[] {
  const flowing = [...open.members.values()].filter(({ qos }) => qos !== undefined);
  const leaving = flowing.map(({ leaf, address }): Idea => ({
    words: `${address} gives its flow back: its socket or its link is closed`,
    events: [{ type: 'MemberLeft', leaf, departure: 'leaf-closed' }],
  }));
  const lifted: Idea = {
    words: 'the policy has no budget, or a larger one',
    events: [policyChanged(open, { budget: null })],
  };
  const smaller: Idea = { words: 'the join asks for less, or for no flow' };
  return [...leaving.slice(0, 1), lifted, smaller];
}

function backlogIdeas(open: OpenSession): readonly Idea[] {
  const [oldest] = open.requests.keys();
  const places = (open.backlog ?? 0) + 1;
  const answered: Idea[] =
    oldest === undefined
      ? []
      : [
          {
            words: `a waiting request is answered or withdrawn (${oldest} is the oldest)`,
            events: [cancelled(oldest as JoinId)],
          },
        ];
  const words = `the root listens with a backlog of ${String(places)} or more`;
  return [...answered, { words, events: [{ type: 'ListenStarted', backlog: places }] }];
}

function listening({ refusal, before }: Scene): Idea {
  const listenStarted: SessionEvent = { type: 'ListenStarted', backlog: 1 };
  if (before.phase === 'open') {
    return { words: `the root of ${refusal.session} listens`, events: [listenStarted] };
  }
  const events = [openedBy(refusal, null), listenStarted];
  return { words: `${refusal.session} is opened${again(before)} and its root listens`, events };
}

const again = ({ phase }: Scene['before']): string => (phase === 'unopened' ? '' : ' again');

// A session that somebody might open: the policy is Winsock's, the root has a name nobody else has.
function openedBy({ session }: Scene['refusal'], root: SocketId | null): SessionEvent {
  return {
    type: 'SessionOpened',
    address: session,
    incarnation: 1,
    control: 'rooted',
    data: 'nonrooted',
    root: root ?? socketId({ node: 'somebody', incarnation: 'else', serial: '1' }),
    policy: winsockPolicy,
  };
}

function nodeStarts(command: SessionCommand): readonly Idea[] {
  if (command.type !== 'InviteLeaf') return [];
  const words = `node ${nodeOf(command.leafAddress)} starts, and listens there`;
  return [{ words, command: { ...command, leafNode: 'up' } }];
}

function rightSocket(scene: Scene): readonly Idea[] {
  const { refusal, before } = scene;
  const { command, session } = refusal;
  if (before.phase === 'open') {
    const { root } = before;
    const words =
      root === null
        ? before.vacancy === null
          ? `never: ${session} is a group and has no root`
          : `the call is made on the next c_root of ${session}, when there is one`
        : `the call is made on the c_root: ${root}`;
    const right = root === null ? null : calledOn(command, root);
    return [right === null ? { words } : { words, command: right }];
  }
  const caller = callerOf(command);
  if (caller === null) return [{ words: `${session} is set up first` }];
  const events: SessionEvent[] = before.phase === 'shut' ? [closed] : [];
  const words =
    before.phase === 'shut'
      ? `the c_root is closed, and ${session} opened again with a new socket`
      : `${session} is opened${again(before)}, and the call is made on its c_root`;
  return [{ words, events: [...events, openedBy(refusal, caller)] }];
}

function callerOf(command: SessionCommand): SocketId | null {
  if (command.type === 'InviteLeaf') return command.caller;
  return 'root' in command ? command.root : null;
}

function calledOn(command: SessionCommand, root: SocketId): SessionCommand | null {
  if (command.type === 'InviteLeaf') return { ...command, caller: root };
  return 'root' in command ? { ...command, root } : null;
}

function rightSide(open: OpenSession, command: SessionCommand): readonly Idea[] {
  if (
    command.type !== 'AcceptJoin' &&
    command.type !== 'RejectJoin' &&
    command.type !== 'DeferJoin'
  ) {
    return [];
  }
  const join = joinById(open, command.join);
  if (join === undefined) return [];
  if (join.kind === 'invitation') {
    const node = nodeOf(join.leafAddress);
    const acceptor = socketId({ node, incarnation: 'live', serial: '1' });
    const answer = { ...command, acceptor };
    const words = `node ${node} answers, from its listener at ${join.leafAddress}`;
    return [{ words, command: answer.type === 'RejectJoin' ? { ...answer, node } : answer }];
  }
  if (open.root === null) return [];
  return [
    { words: `the c_root ${open.root} answers`, command: { ...command, acceptor: open.root } },
  ];
}

function newSocket(command: SessionCommand): readonly Idea[] {
  if (command.type === 'AcceptJoin') {
    const accepted = anotherSocket(command.acceptor);
    const words = 'the accept names a new socket, which it returns';
    return [{ words, command: { ...command, accepted } }];
  }
  if (command.type === 'InviteLeaf') {
    const link = anotherSocket(command.caller);
    return [{ words: 'JoinLeaf names a new socket for the link', command: { ...command, link } }];
  }
  if (command.type !== 'RequestJoin') return [];
  const caller = anotherSocket(command.caller);
  return [{ words: 'a new c_leaf asks instead', command: { ...command, caller } }];
}
