import type { RefusalRecord } from '@joinleaf/event-log';
import {
  joinById,
  nodeOf,
  socketParts,
  type Join,
  type JoinId,
  type NodeAddress,
  type OpenSession,
  type Session,
  type SessionCommand,
  type SocketId,
} from '@joinleaf/multipoint';
import type { Cast, JoinEnd } from './cast.js';
import { timeOfDay } from './clock.js';
import { notTheSuccessor, vacancyWords } from './root-loss.js';
import { positionText } from './steps.js';

/** What a refusal is explained from. */
export interface Scene {
  readonly refusal: RefusalRecord;
  readonly before: Session;
  readonly cast: Cast;
}

/** The facts that made a rule say no, as sentences; from the session it was asked on. */
export function because(scene: Scene): readonly string[] {
  const { refusal, before } = scene;
  const open = before.phase === 'open' ? before : null;
  switch (refusal.rule) {
    case 'R12':
      return [addressHeld(scene)];
    case 'R50':
      return [stillOutstanding(scene)];
    case 'R57':
      return [alreadyJoined(scene)];
    case 'R59':
      return [alreadyThere(scene)];
    case 'H3':
      return [open === null ? phaseWords(scene) : identity(scene, open)];
    case 'H4':
      return [listed(scene)];
    case 'H5':
      return [open === null ? phaseWords(scene) : fullHouse(open)];
    case 'R102':
      return [tooLittleLeft(refusal)];
    case 'R23':
      return [open === null ? phaseWords(scene) : fullBacklog(open)];
    case 'H19':
    case 'H21':
      return [open === null ? phaseWords(scene) : vacancyWords(open)];
    case 'R35':
      return [open === null ? phaseWords(scene) : `the root of ${open.address} does not listen`];
    case 'E11':
      return [leafNode(refusal.command)];
    case 'E13':
      return [notTheRoot(scene)];
    case 'R86':
      return [notAsked(scene)];
    case 'R87':
      return [howJoinEnded(scene)];
    case 'H20':
      return [notTheSuccessor(refusal, before)];
    case 'H6':
    case 'R33':
      return [socketTaken(scene)];
    case 'E17':
      return ["the socket that asks is the session's c_root or one of its links, and no c_leaf"];
    case 'H7':
      return [`${refusal.session} is a rooted session; it ends when its root closes the c_root`];
    case 'R143':
      return [phaseWords(scene)];
    case 'H10':
    case 'E18':
      return [runOver(refusal)];
    default:
      return factWords(scene);
  }
}

/** What a session is at the moment, in a sentence. */
export function phaseWords({ refusal, before }: Pick<Scene, 'refusal' | 'before'>): string {
  const { session } = refusal;
  switch (before.phase) {
    case 'unopened':
      return `nobody has opened ${session} yet`;
    case 'open':
      return `${session} is open, with ${who(before)}`;
    case 'shut':
      return `${session} is shut down, and its root keeps the address until it closes the c_root`;
    case 'closed':
      return `${session} is closed (${before.ending})`;
  }
}

const who = (open: OpenSession): string =>
  open.root === null ? 'no root' : `the root ${open.root}`;

function addressHeld({ refusal, before }: Scene): string {
  if (before.phase === 'open' && before.vacancy !== null) return vacancyWords(before);
  const holder = before.phase === 'open' || before.phase === 'shut' ? before.root : null;
  if (holder === null) return `${refusal.session} is set up already, with another policy`;
  const also = before.phase === 'shut' ? ', which is shut down and not yet closed' : '';
  return `${refusal.session} is held by ${holder}${also}`;
}

function stillOutstanding(scene: Scene): string {
  const join = blockingJoin(scene);
  if (join === undefined) return 'a join of this socket was still outstanding';
  return `${joinWords(join)} was still outstanding${until(join.deadlineAt)}`;
}

/** The outstanding join that stands in the way of a command. */
export function blockingJoin({ refusal, before }: Scene): Join | undefined {
  if (before.phase !== 'open') return undefined;
  const { command } = refusal;
  const named = refusal.facts?.outstanding;
  if (typeof named === 'string') {
    const join = joinById(before, named as JoinId);
    if (join !== undefined) return join;
  }
  if (command.type === 'InviteLeaf') return before.invitation ?? undefined;
  if (command.type !== 'RequestJoin') return undefined;
  const id = before.requestsByCaller.get(command.caller);
  return id === undefined ? undefined : joinById(before, id);
}

const joinWords = ({ id, kind, leafAddress }: Join): string =>
  kind === 'invitation'
    ? `${id}, the invitation to ${leafAddress},`
    : `${id}, asked by ${leafAddress},`;

const until = (deadlineAt: number | null): string =>
  deadlineAt === null ? '' : `, until ${timeOfDay(deadlineAt)} at the latest`;

function alreadyJoined({ refusal, before }: Scene): string {
  const { command } = refusal;
  const member =
    before.phase === 'open' && command.type === 'RequestJoin'
      ? before.members.get(command.caller)
      : undefined;
  return member === undefined
    ? 'this socket had joined already'
    : `this socket has been a member since ${member.join}, as ${member.address}`;
}

/** The endpoint that a command would make a member. */
export function candidate({
  refusal,
  before,
}: Pick<Scene, 'refusal' | 'before'>): NodeAddress | null {
  const { command } = refusal;
  if (command.type === 'RequestJoin' || command.type === 'InviteLeaf') return command.leafAddress;
  if (command.type !== 'AcceptJoin' || before.phase !== 'open') return null;
  return joinById(before, command.join)?.leafAddress ?? null;
}

function alreadyThere(scene: Scene): string {
  const { before } = scene;
  const address = candidate(scene);
  const joins = before.phase === 'open' ? joinsAt(before, address) : [];
  return `${address ?? 'the endpoint'} is a member already (${joins.join(', ')})`;
}

function joinsAt(open: OpenSession, address: NodeAddress | null): readonly string[] {
  const leaves = (address === null ? undefined : open.leavesByAddress.get(address)) ?? [];
  return leaves.map((leaf) => open.members.get(leaf)?.join ?? leaf);
}

function identity(scene: Scene, open: OpenSession): string {
  const { refusal } = scene;
  const join = blockingJoin(scene);
  const address = candidate(scene) ?? 'the endpoint';
  if (refusal.code === 'WSAEALREADY') {
    const waiting = join === undefined ? 'a join' : join.id;
    return `${waiting} for ${address} was still outstanding${until(join?.deadlineAt ?? null)}`;
  }
  const { identity: policy } = open.policy;
  const max = policy.kind === 'allow' ? policy.max : 1;
  return `${address} has ${String(max)} of ${String(max)} allowed members in the session`;
}

function listed(scene: Scene): string {
  const { facts } = scene.refusal;
  const address = candidate(scene);
  const node = address === null ? 'the node' : `node ${nodeOf(address)}`;
  return facts !== null && 'denied' in facts
    ? `${node} is on the deny list of the policy`
    : `${node} is not on the allow list of the policy`;
}

function fullHouse(open: OpenSession): string {
  const { capacity } = open.policy;
  const members = `${String(open.members.size)} of ${String(capacity ?? 0)} places are taken`;
  return open.invitation === null
    ? members
    : `${members}, and the invitation ${open.invitation.id} to ${open.invitation.leafAddress} holds one more`;
}

// The facts of the refusal say what is missing in which direction.
function tooLittleLeft({ facts }: RefusalRecord): string {
  const { direction, asked, left, flows, flowsMax } = facts ?? {};
  const verb = direction === 'sending' ? 'send' : 'receive';
  return flowsMax === undefined
    ? `it would ${verb} ${String(asked)} bytes per second, and the budget has ${String(left)} left`
    : `${String(flows)} of ${String(flowsMax)} flows to ${verb} are reserved`;
}

function fullBacklog({ requests, backlog }: OpenSession): string {
  const waiting =
    requests.size === 1 ? '1 request waits' : `${String(requests.size)} requests wait`;
  return `${waiting}, and the root's backlog is ${String(backlog ?? 0)}`;
}

function leafNode(command: SessionCommand): string {
  if (command.type !== 'InviteLeaf') return 'the node was not up';
  const node = nodeOf(command.leafAddress);
  return command.leafNode === 'lost'
    ? `node ${node} has been lost: it was silent for too long`
    : `no node called ${node} has started`;
}

function socketTaken({ refusal, cast }: Scene): string {
  const { command } = refusal;
  const socket =
    command.type === 'AcceptJoin'
      ? command.accepted
      : command.type === 'InviteLeaf'
        ? command.link
        : null;
  return socket === null
    ? 'the accept names no new socket, and nobody but the invited node can make one'
    : `${socket} plays a part in the session already: ${cast.nameOf(socket)}`;
}

function notTheRoot(scene: Scene): string {
  const { before } = scene;
  return before.phase === 'open' && before.root !== null
    ? `the socket is not the c_root of ${before.address}; that is ${before.root}`
    : phaseWords(scene);
}

function notAsked({ refusal, before }: Scene): string {
  const { command } = refusal;
  const join =
    'join' in command && before.phase === 'open' ? joinById(before, command.join) : undefined;
  if (join === undefined) return 'the join was not put to this socket';
  return join.kind === 'invitation'
    ? `${join.id} is an invitation to ${join.leafAddress}: node ${nodeOf(join.leafAddress)} answers it`
    : `${join.id} is a request of ${join.leafAddress}: the root's c_root answers it`;
}

function howJoinEnded({ refusal, before, cast }: Scene): string {
  const { command } = refusal;
  if (!('join' in command)) return 'the join had ended';
  const { join } = command;
  const end = cast.endOf(join);
  if (end !== null) {
    const { step, event } = end;
    return `${join} had ended ${endWords(event)} at ${positionText(step)} (#${String(step.number)})`;
  }
  return before.phase === 'open'
    ? `there is no join ${join} in ${refusal.session}`
    : phaseWords({ refusal, before });
}

function endWords(event: JoinEnd): string {
  switch (event.type) {
    case 'LeafAdmitted':
      return 'with an admission';
    case 'JoinFailed':
      return `with ${event.code} (${event.reason})`;
    case 'JoinCancelled':
      return `by a cancel (${event.reason})`;
  }
}

function runOver({ command, rule, facts }: RefusalRecord): string {
  const speaker = speakerOf(command);
  if (speaker === null) return 'this run of the node may not speak';
  const { node, incarnation } = socketParts(speaker);
  if (rule === 'E18') return `run ${incarnation} of node ${node} has not started`;
  const now = facts?.status === 'up' ? 'a newer run of it is up' : 'the node is not up';
  return `run ${incarnation} of node ${node} is over: ${now}`;
}

/** The socket in whose name a command was sent. */
function speakerOf(command: SessionCommand): SocketId | null {
  switch (command.type) {
    case 'OpenSession':
    case 'Listen':
    case 'ChangePolicy':
    case 'ShutdownSession':
      return command.root;
    case 'InviteLeaf':
    case 'RequestJoin':
      return command.caller;
    case 'AcceptJoin':
    case 'RejectJoin':
    case 'DeferJoin':
      return command.acceptor;
    case 'CloseSocket':
      return command.socket;
    case 'CloseGroup':
    case 'ExpireJoins':
    case 'LoseNode':
    case 'SettleCommand':
      return null;
  }
}

/** Facts as they were recorded, for rules that are applied at the edge. */
function factWords({ refusal }: Scene): readonly string[] {
  const { facts } = refusal;
  if (facts === null) return [];
  return Object.entries(facts).map(([name, value]) => `${name}: ${String(value)}`);
}
