import { parseAddress, type Address, type NodeAddress, type SessionAddress } from '../address.js';
import type { Base64, JoinFlags } from '../event.js';
import { err, ok, type Result } from '../result.js';
import type { Refusal } from '../wsa.js';
import { asksForAddress } from './bind.js';
import { isTooLarge } from './connect-data.js';
import type { CallId, Descriptor, Effect } from './effect.js';
import { linkOf } from './member.js';
import {
  bindEphemeral,
  nextDescriptor,
  withNewSocket,
  withSocket,
  type Bound,
  type NodeSockets,
} from './node-sockets.js';
import type { LeafSocket, MemberSocket, PendingJoin, RootSocket } from './socket.js';
import { done, refused, send, usable, type Step } from './step.js';
import { joinBegins } from './watch.js';

export interface JoinLeaf {
  readonly socket: Descriptor;
  /** Whom a c_root invites (`bob:1`), or what a c_leaf joins (`conf-7`, `@news`). */
  readonly name: string;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  /** At most the policy's; null for exactly the policy's. */
  readonly deadlineMs: number | null;
}

export interface JoinStarted {
  readonly call: CallId;
  /** At a c_root a new c_leaf (R33), at a c_leaf the socket itself (R39). */
  readonly descriptor: Descriptor;
}

/**
 * JoinLeaf, as far as the provider judges it: what passes is asked of the arbiter, whose refusal counts
 * as the call's own. A refusal here or there allocates nothing (R70).
 *
 * @returns In this order: WSAENOTSOCK (E13), WSAENOTCONN for the descriptor of a pending or failed join
 *   (R65, R69), WSAEINVAL without multipoint flags (R1) or on a listening c_leaf (A22), WSAEFAULT for
 *   what is no address (E9) or too much caller data (R97), WSAEALREADY while a join is outstanding on
 *   this c_leaf (R50; a c_root's is the arbiter's to judge, who knows when the slot is free, R54), WSAEISCONN for a member (R57) or a socket whose connection is over (R62),
 *   WSAESHUTDOWN (R143), WSAEAFNOSUPPORT (E1), WSAEADDRNOTAVAIL for port 0 (E7), WSAEMFILE (R10),
 *   WSAENOBUFS when no port is left (E12).
 */
export function joinLeaf(state: NodeSockets, request: JoinLeaf): Step<JoinStarted> {
  const socket = usable(state, request.socket);
  if (!socket.ok) return { state, result: socket, effects: [] };
  switch (socket.value.kind) {
    case 'plain':
      return refused(state, 'WSAEINVAL', 'R1');
    case 'link':
    case 'accepted':
      return memberJoins(state, socket.value);
    case 'root':
      return rootInvites(state, socket.value, request);
    case 'leaf':
      return leafAsks(state, socket.value, request);
  }
}

function memberJoins(state: NodeSockets, { phase }: MemberSocket): Step<JoinStarted> {
  switch (phase) {
    case 'pending':
      return refused(state, 'WSAENOTCONN', 'R65');
    case 'failed':
      return refused(state, 'WSAENOTCONN', 'R69');
    case 'joined':
      return refused(state, 'WSAEISCONN', 'R57');
    case 'over':
      return refused(state, 'WSAEISCONN', 'R62');
  }
}

function argumentsOf(state: NodeSockets, request: JoinLeaf): Result<Address, Refusal> {
  const name = parseAddress(request.name);
  if (!name.ok) return name;
  return isTooLarge(request.callerData, state.connectDataMax)
    ? err({ code: 'WSAEFAULT', rule: 'R97', facts: { bytesMax: state.connectDataMax } })
    : ok(name.value);
}

function rootInvites(state: NodeSockets, root: RootSocket, request: JoinLeaf): Step<JoinStarted> {
  const name = argumentsOf(state, request);
  if (!name.ok) return { state, result: name, effects: [] };
  if (root.phase.name === 'shut') return refused(state, 'WSAESHUTDOWN', 'R143');
  if (name.value.family !== 'AF_NODE') return refused(state, 'WSAEAFNOSUPPORT', 'E1');
  if (name.value.port === 0) return refused(state, 'WSAEADDRNOTAVAIL', 'E7');
  const link = nextDescriptor(state);
  if (link === null) return refused(state, 'WSAEMFILE', 'R10');
  return invite(state, root, { ...request, link, leaf: request.name as NodeAddress });
}

interface Invitation extends JoinLeaf {
  readonly link: Descriptor;
  readonly leaf: NodeAddress;
}

function invite(
  before: NodeSockets,
  unready: RootSocket,
  invitation: Invitation,
): Step<JoinStarted> {
  const { state, root, address, effects } = boundRoot(before, unready);
  const { flags, callerData, deadlineMs, link, leaf } = invitation;
  const asking = { flags, callerData, deadlineMs };
  const [socket, linkSerial] = [String(root.descriptor), String(link)];
  const sent = send(state, {
    session: address,
    command: { verb: 'join', as: 'root', socket, leaf, link: linkSerial, ...asking },
    pending: { verb: 'join', socket: root.descriptor, link },
    after: root.previous,
  });
  const pending: PendingJoin = { call: sent.call, session: address, join: null, link };
  const inviting: RootSocket =
    root.joining === null
      ? { ...root, joining: pending, watch: joinBegins(root.watch) }
      : { ...root, others: [...root.others, pending] };
  const child = linkOf(root, { descriptor: link, session: address, call: sent.call });
  const after = withNewSocket(withSocket(sent.state, inviting), child);
  return done(after, { call: sent.call, descriptor: link }, [...effects, sent.effect]);
}

interface BoundRoot {
  readonly state: NodeSockets;
  readonly root: RootSocket;
  readonly address: SessionAddress;
  readonly effects: readonly Effect[];
}

// An unbound c_root gets a name of its own that nobody else can hold (R14).
function boundRoot(state: NodeSockets, root: RootSocket): BoundRoot {
  if (root.phase.name !== 'unbound') {
    return { state, root, address: root.phase.address, effects: [] };
  }
  const address = `s-${state.incarnation}-${String(root.descriptor)}` as SessionAddress;
  const opening = asksForAddress(state, root, { address, policy: {} });
  return { state: opening.state, root: opening.root, address, effects: [opening.effect] };
}

function leafAsks(state: NodeSockets, leaf: LeafSocket, request: JoinLeaf): Step<JoinStarted> {
  if (leaf.phase.name === 'listening') return refused(state, 'WSAEINVAL', 'A22');
  const name = argumentsOf(state, request);
  if (!name.ok) return { state, result: name, effects: [] };
  switch (leaf.phase.name) {
    case 'joining':
      return refused(state, 'WSAEALREADY', 'R50', { outstanding: leaf.phase.joining.join });
    case 'joined':
      return refused(state, 'WSAEISCONN', 'R57', { join: leaf.phase.join });
    case 'over':
      return refused(state, 'WSAEISCONN', 'R62');
    case 'idle':
      break;
  }
  const family = leaf.protocol.control === 'rooted' ? 'AF_SESSION' : 'AF_GROUP';
  if (name.value.family !== family) return refused(state, 'WSAEAFNOSUPPORT', 'E1');
  const bound = boundLeaf(state, leaf);
  if (bound === null) return refused(state, 'WSAENOBUFS', 'E12');
  return ask(bound, leaf, { ...request, session: request.name as SessionAddress });
}

// An unbound c_leaf gets a port, and keeps it whatever becomes of the join (R14, R15).
const boundLeaf = (state: NodeSockets, { descriptor, local }: LeafSocket): Bound | null =>
  local === null ? bindEphemeral(state, descriptor) : { state, local };

function ask(
  { state, local }: Bound,
  leaf: LeafSocket,
  { session, flags, callerData, deadlineMs }: JoinLeaf & { readonly session: SessionAddress },
): Step<JoinStarted> {
  const { descriptor } = leaf;
  const asking = { flags, callerData, deadlineMs };
  const sent = send(state, {
    session,
    command: { verb: 'join', as: 'leaf', socket: String(descriptor), local, ...asking },
    pending: { verb: 'join', socket: descriptor, link: null },
    after: null,
  });
  const joining: PendingJoin = { call: sent.call, session, join: null, link: null };
  const watch = joinBegins(leaf.watch);
  const pending: LeafSocket = { ...leaf, local, watch, phase: { name: 'joining', joining } };
  return done(withSocket(sent.state, pending), { call: sent.call, descriptor }, [sent.effect]);
}
