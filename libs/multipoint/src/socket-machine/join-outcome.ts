import type { SessionAddress } from '../address.js';
import type { Base64, JoinId } from '../event.js';
import type { WsaCode } from '../wsa.js';
import { isTooLarge } from './connect-data.js';
import type { Effect } from './effect.js';
import { joinFailed, joinSucceeded, ruleOfFailure, withDeadLink } from './ending.js';
import { socketAt, withSocket, type NodeSockets } from './node-sockets.js';
import type { Change } from './queueing.js';
import {
  pendingAt,
  withoutPending,
  type LeafSocket,
  type MemberSocket,
  type PendingJoin,
  type RootSocket,
  type Socket,
} from './socket.js';
import { seated, seatedLink, unseated, type Seat } from './seat.js';
import { send, signalled } from './step.js';
import { noTraffic } from './traffic.js';
import { joinEnded } from './watch.js';

/** What an FD_CONNECT says. */
export interface Connected {
  readonly session: SessionAddress;
  readonly join: JoinId;
  readonly code: WsaCode | null;
  /** The serial of the c_root's link for this join. */
  readonly link: string | null;
  readonly calleeData: Base64 | null;
  /** null when the join failed. */
  readonly seat: Seat | null;
}

/** FD_CONNECT, on the socket that called JoinLeaf and no other (R66): success and failure alike (R67). */
export function joinOutcome(state: NodeSockets, socket: Socket, connected: Connected): Change {
  switch (socket.kind) {
    case 'root':
      return outcomeAtRoot(state, socket, connected);
    case 'leaf':
      return outcomeAtLeaf(state, socket, connected);
    case 'plain':
    case 'link':
    case 'accepted':
      return { state, effects: [] };
  }
}

// The link tells joins apart that the reply has not numbered yet: an FD_CONNECT of a join that was
// cancelled names a link that is closed, and is nobody's (R147).
function outcomeAtRoot(state: NodeSockets, root: RootSocket, told: Connected): Change {
  const joining = pendingAt(root).find(({ link }) => told.link === String(link));
  if (joining === undefined) return { state, effects: [] };
  const connected = withRoom(told, joining);
  const { join, code, calleeData } = connected;
  const watched = joinEnded(root.watch, code);
  const free: RootSocket = { ...withoutPending(root, joining.call), watch: watched.watch };
  const kept = withSocket(state, free);
  const live =
    code === null
      ? withLiveLink(kept, joining.link, connected.seat)
      : { state: withDeadLink(kept, joining), effects: [] };
  const ended =
    code === null
      ? joinSucceeded(joining, root, { join, calleeData })
      : joinFailed(joining, root, { code, rule: ruleOfFailure(code), join });
  const what = { kind: 'FD_CONNECT', join, code, link: joining.link, calleeData } as const;
  const heard: Effect = { type: 'heard', socket: root.descriptor, what };
  const effects = [ended, heard, ...signalled(root, watched), ...live.effects];
  const change = { state: live.state, effects };
  return connected === told ? change : left(change, told, String(joining.link));
}

// Callee data is never cut short: where it does not fit, the join has failed (R97, A13).
function withRoom(connected: Connected, { calleeBytesMax }: PendingJoin): Connected {
  const isFitting = calleeBytesMax === null || !isTooLarge(connected.calleeData, calleeBytesMax);
  return isFitting ? connected : { ...connected, code: 'WSAEFAULT', calleeData: null, seat: null };
}

// The session counts a member that is none here: it learns of it.
function left({ state, effects }: Change, { session }: Connected, socket: string): Change {
  const command = { verb: 'close', socket } as const;
  const sent = send(state, { session, command, pending: { verb: 'close' }, after: null });
  return { state: sent.state, effects: [...effects, sent.effect] };
}

function withLiveLink(state: NodeSockets, descriptor: number | null, seat: Seat | null): Change {
  const link = descriptor === null ? undefined : socketAt(state, descriptor);
  if (link?.kind !== 'link' || link.phase !== 'pending') return { state, effects: [] };
  const joined: MemberSocket = { ...link, phase: 'joined', call: null };
  const after = withSocket(state, joined);
  if (seat === null) return { state: after, effects: [] };
  return seatedLink(after, joined, { ...seat, flags: 'both', isAsked: false });
}

function outcomeAtLeaf(state: NodeSockets, leaf: LeafSocket, told: Connected): Change {
  const { phase } = leaf;
  if (phase.name === 'joined') {
    // The reply said so first; this is its announcement.
    const { session, join, code } = told;
    const isOurs = phase.session === session && phase.join === join && code === null;
    if (!isOurs || phase.announced) return { state, effects: [] };
    return announce(state, { ...leaf, phase: { ...phase, announced: true } }, told, []);
  }
  if (phase.name !== 'joining' || !isOutcomeOf(leaf, told)) return { state, effects: [] };
  const { joining } = phase;
  const connected = withRoom(told, joining);
  const change = concluded(state, leaf, { joining, connected });
  return connected === told ? change : left(change, told, String(leaf.descriptor));
}

interface Conclusion {
  readonly joining: PendingJoin;
  readonly connected: Connected;
}

function concluded(
  state: NodeSockets,
  leaf: LeafSocket,
  { joining, connected }: Conclusion,
): Change {
  const { session, join, code, calleeData } = connected;
  const lastJoin = { session, join };
  if (code !== null) {
    const failed = joinFailed(joining, leaf, { code, rule: ruleOfFailure(code), join });
    const silent = unseated(state, leaf.descriptor, session);
    // Whoever was a member, if only for the session, does not join again (R62).
    const name = code === 'WSAEFAULT' ? 'over' : 'idle';
    const idle: LeafSocket = { ...leaf, traffic: noTraffic, phase: { name }, lastJoin };
    return announce(silent.state, idle, connected, [...silent.effects, failed]);
  }
  const succeeded = joinSucceeded(joining, leaf, { join, calleeData });
  const joined = { name: 'joined', session, join, announced: true } as const;
  return announce(state, { ...leaf, phase: joined, lastJoin }, connected, [succeeded]);
}

// Joins are numbered in order: one at or below the last is an old outcome told again.
function isOutcomeOf({ phase, lastJoin }: LeafSocket, { session, join }: Connected): boolean {
  if (phase.name !== 'joining' || phase.joining.session !== session) return false;
  if (phase.joining.join !== null) return phase.joining.join === join;
  return lastJoin?.session !== session || numberOf(join) > numberOf(lastJoin.join);
}

const numberOf = (join: JoinId): number => Number(join.slice(1));

function announce(
  state: NodeSockets,
  leaf: LeafSocket,
  { join, code, calleeData, seat }: Connected,
  before: readonly Effect[],
): Change {
  const watched = joinEnded(leaf.watch, code);
  const what = { kind: 'FD_CONNECT', join, code, link: null, calleeData } as const;
  const heard: Effect = { type: 'heard', socket: leaf.descriptor, what };
  const told: LeafSocket = { ...leaf, watch: watched.watch };
  const effects = [...before, heard, ...signalled(leaf, watched)];
  if (seat === null) return { state: withSocket(state, told), effects };
  const taken = seated(state, told, seat);
  return { state: taken.state, effects: [...effects, ...taken.effects] };
}
