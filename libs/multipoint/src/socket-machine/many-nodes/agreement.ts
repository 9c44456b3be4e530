import type { SessionAddress } from '../../address.js';
import type { Session } from '../../session.js';
import { nameIn, type Hand, type Held } from './held.js';
import { hold, same } from './hold.js';
import type { Reference } from './reference.js';
import { waitingIn, type World } from './world.js';

/**
 * When nothing is under way any more, what programs hold and what is on record are the same: who is in
 * sits at both ends, who waits waits somewhere, and everybody has heard what there was to hear.
 */
export function agree(world: World, reference: Reference): void {
  const hands = world.nodes.map((node) => reference.hand(node)).filter(({ lost }) => !lost);
  everythingWasTold(hands, reference);
  for (const hand of hands) {
    same(hand.asked.size, 0, 'every question was answered');
    for (const held of hand.held.values()) sitsWhereTheLogSays(world, hand, held);
  }
  for (const [address, session] of world.sessions) {
    seatsAreHeld(hands, address, session);
    requestsWait(hands, world, address);
  }
}

// R125, R129: whoever holds a socket still has heard each outcome and each end, once.
function everythingWasTold(hands: readonly Hand[], { truth }: Reference): void {
  for (const join of truth.joins) {
    const caller = heldBy(hands, join.caller);
    if (caller === undefined || caller.hasLeft || join.outcome === 'waits') continue;
    const link = join.link === null ? null : heldBy(hands, join.link);
    if (join.outcome === 'cancelled')
      same(join.connects, 0, 'A7: a cancelled join is not announced');
    else if (link === null || link?.isCalledOff === false) {
      same(join.connects, 1, `R125: ${join.session} ${join.id} is announced once`);
    }
  }
  for (const end of truth.ends) {
    const held = heldBy(hands, end.socket, end.session);
    // R133, R140: nobody is told of what it ended itself, a membership or a join before its success.
    if (held === undefined || held.hasLeft || held.seat === 'failed') continue;
    const expected = typeof end.owed === 'object' ? 1 : 0;
    same(end.closes, expected, `R129: FD_CLOSE at ${end.socket}, whose membership is over`);
  }
}

// A link that the arbiter made is numbered per session, so the session is part of its name.
function heldBy(hands: readonly Hand[], socket: string, session?: string): Held | undefined {
  for (const hand of hands) {
    for (const held of hand.held.values()) {
      const isThere = nameIn(hand, held) === socket;
      if (isThere && (!held.serial.startsWith('J') || held.of === session)) return held;
    }
  }
  return undefined;
}

function sitsWhereTheLogSays(world: World, hand: Hand, held: Held): void {
  const name = nameIn(hand, held);
  const session = world.session((held.of ?? held.bound ?? '') as SessionAddress);
  same(held.joins.length, outstandingOf(held, session), `R49: the joins of ${name} on record`);
  if (held.kind === 'root') {
    const isOpen = session.phase === 'open' && session.root === name;
    const isShut = session.phase === 'shut' && session.root === name;
    same(held.session, isOpen ? 'open' : isShut ? 'shut' : 'none', 'R8: a root keeps its session');
    return;
  }
  if (held.seat === 'member') {
    const isIn =
      session.phase === 'open' && (session.members.has(name) || session.leafByLink.has(name));
    hold(isIn, `R30: ${name} is in, and so says the log`);
  }
  if (held.seat === 'asked') {
    const isAsked = [...world.sessions.values()].some(
      (one) =>
        one.phase === 'open' && (one.requestsByCaller.has(name) || one.invitation?.link === name),
    );
    hold(isAsked, `R63: ${name} waits, and so says the log`);
  }
}

function outstandingOf({ kind, seat }: Held, session: Session): number {
  if (kind === 'leaf') return seat === 'asked' ? 1 : 0;
  return kind === 'root' && session.phase === 'open' && session.invitation !== null ? 1 : 0;
}

function seatsAreHeld(hands: readonly Hand[], address: SessionAddress, session: Session): void {
  if (session.phase !== 'open') return;
  const runs = hands.map(({ node, incarnation }) => `${node}/${incarnation}/`);
  const isOurs = (socket: string): boolean => runs.some((run) => socket.startsWith(run));
  for (const { leaf, link } of session.members.values()) {
    for (const socket of link === null ? [leaf] : [leaf, link]) {
      if (!isOurs(socket)) continue;
      same(heldBy(hands, socket, address)?.seat, 'member', `R30: ${socket} is in, and is held`);
    }
  }
}

// R25: what waits on record waits at the socket that is to answer it, in the same order; at a root that
// came for a session that had lost its own, once it listens (H20).
function requestsWait(hands: readonly Hand[], world: World, address: SessionAddress): void {
  const session = world.session(address);
  if (session.phase !== 'open') return;
  const waiting = waitingIn(session);
  const root = session.root === null ? undefined : heldBy(hands, session.root);
  const requests = waiting.filter(({ kind }) => kind === 'request').map(({ id }) => id);
  if (root !== undefined) {
    const here = root.waiting.filter(({ withdrawn }) => !withdrawn).map(({ join }) => join);
    same(here, root.listens ? requests : [], 'R25: requests wait at the root');
  }
  for (const { id, kind, at } of waiting) {
    const hand = hands.find(({ node }) => at.startsWith(`${node}:`));
    if (kind !== 'invitation' || hand === undefined) continue;
    const isKept = [...hand.held.values()].some(
      (held) =>
        held.bound === at &&
        held.waiting.some(({ join, session: of }) => join === id && of === address),
    );
    const isUnclaimed = world
      .node(hand.node)
      .state.unclaimed.get(at.split(':')[1] ?? '')
      ?.some(({ join, session: of }) => join === id && of === address);
    hold(isKept || isUnclaimed === true, `R26: ${address} ${id} waits somewhere, or is refused`);
  }
}
