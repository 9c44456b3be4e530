import type { SessionAddress } from '../address.js';
import { PersistentMap } from '../persistent-map.js';
import type { Descriptor, Effect } from './effect.js';
import { socketAt, type NodeSockets } from './node-sockets.js';
import type { Change } from './queueing.js';
import type { Socket } from './socket.js';
import type { Broadcast } from './traffic.js';
import type { Tuned } from './tuned.js';

const nobody: Tuned = { all: PersistentMap.empty(), up: PersistentMap.empty(), asOf: 0 };

const tunedTo = (state: NodeSockets, session: SessionAddress): Tuned =>
  state.tuned.get(session) ?? nobody;

export const listenersOf = (
  state: NodeSockets,
  session: SessionAddress,
  channel: Broadcast,
): readonly Descriptor[] => [...tunedTo(state, session)[channel].keys()].map(Number);

/** The last revision of a session that this node heard of. */
export const knownRevision = (state: NodeSockets, session: SessionAddress): number =>
  tunedTo(state, session).asOf;

/** A reply or a notification told of this revision. */
export function heardOf(
  state: NodeSockets,
  session: SessionAddress,
  revision: number | undefined,
): NodeSockets {
  const tuned = state.tuned.get(session);
  if (tuned === undefined || revision === undefined || revision <= tuned.asOf) return state;
  return { ...state, tuned: state.tuned.set(session, { ...tuned, asOf: revision }) };
}

/**
 * Begins to hear the channels that a socket may need, before the session is asked to let it in: what is
 * sent from the moment of its admission must not be missed. The data plane of the session is not known
 * yet, so a d_root hears both.
 */
export function tuneIn(state: NodeSockets, at: Descriptor, session: SessionAddress): Change {
  const socket = socketAt(state, at);
  if (socket === undefined) return { state, effects: [] };
  let change: Change = { state, effects: [] };
  for (const channel of channelsOf(socket)) {
    change = joined(change, { session, channel, on: true }, at);
  }
  return change;
}

/** Ceases to hear a session; safe to repeat. */
export function tuneOut(state: NodeSockets, at: Descriptor, session: SessionAddress): Change {
  let change: Change = { state, effects: [] };
  for (const channel of ['all', 'up'] as const) {
    change = joined(change, { session, channel, on: false }, at);
  }
  return change;
}

// A link hears its side chat alone, and who only sends hears nothing (R112).
function channelsOf({ kind, traffic, protocol, ...socket }: Socket): readonly Broadcast[] {
  if (kind === 'plain' || kind === 'link' || !('roles' in socket)) return [];
  if (traffic.flags === 'sender-only' || protocol.direction === 'send') return [];
  return socket.roles.data === 'd_root' ? ['all', 'up'] : ['all'];
}

interface Tuning {
  readonly session: SessionAddress;
  readonly channel: Broadcast;
  readonly on: boolean;
}

function joined({ state, effects }: Change, tuning: Tuning, at: Descriptor): Change {
  const { session, channel, on } = tuning;
  const before = tunedTo(state, session);
  const ears = before[channel];
  if (ears.has(String(at)) === on) return { state, effects };
  const after = on ? ears.set(String(at), true) : ears.delete(String(at));
  const changed = { ...before, [channel]: after };
  const isSilent = changed.all.size === 0 && changed.up.size === 0;
  const tuned = isSilent ? state.tuned.delete(session) : state.tuned.set(session, changed);
  const isNews = on ? after.size === 1 : after.size === 0;
  const effect: Effect = { type: 'tune', ...tuning };
  return { state: { ...state, tuned }, effects: isNews ? [...effects, effect] : effects };
}
