import { parseAddress, type Address, type NodeAddress, type SessionAddress } from '../address.js';
import type { Base64, JoinFlags } from '../event.js';
import { checkQos, type Qos } from '../qos.js';
import { err, ok, type Result } from '../result.js';
import type { Refusal } from '../wsa.js';
import { asksForAddress, madeConcrete } from './bind.js';
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
import { flagsOf, unusedDirections } from './protocol.js';
import { done, refused, send, usable, type Step } from './step.js';
import { noTraffic } from './traffic.js';
import { tuneIn } from './tune.js';
import { joinBegins } from './watch.js';

export interface JoinLeaf {
  readonly socket: Descriptor;
  /** Whom a c_root invites (`bob:1`), or what a c_leaf joins (`conf-7`, `@news`). */
  readonly name: string;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  /** null, or left out, leaves what SIO_SET_QOS stored in force (R101, A25). */
  readonly qos?: Qos | null;
  /** At most the policy's; null for exactly the policy's. */
  readonly deadlineMs: number | null;
  /** Room for callee data, in bytes; null, or left out, takes whatever comes. */
  readonly calleeBytesMax?: number | null;
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
 *   WSAESHUTDOWN (R143), WSAEAFNOSUPPORT (E1), WSAEADDRNOTAVAIL for port 0 (E7), WSAEPROTONOSUPPORT for caller
 *   data where the entry has none (R98), WSAEOPNOTSUPP for flow specs where it has none (R103) or that make no
 *   sense (R108), WSAEMFILE (R10), WSAEADDRINUSE when a wildcard turns out to be taken (R16), WSAENOBUFS when
 *   no port is left (E12).
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
  const asking = askingOf(root, request);
  if (!asking.ok) return { state, result: asking, effects: [] };
  const link = nextDescriptor(state);
  if (link === null) return refused(state, 'WSAEMFILE', 'R10');
  const leaf = request.name as NodeAddress;
  const { calleeBytesMax = null } = request;
  return invite(state, root, { link, leaf, asking: asking.value, calleeBytesMax });
}

/** What travels with a join. */
interface Asking {
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  readonly qos?: Qos;
  readonly deadlineMs: number | null;
}

function askingOf(
  { protocol, qos: stored }: RootSocket | LeafSocket,
  { flags, callerData, qos, deadlineMs }: JoinLeaf,
): Result<Asking, Refusal> {
  if (callerData !== null && !protocol.connectData) {
    return err({ code: 'WSAEPROTONOSUPPORT', rule: 'R98' });
  }
  const wanted = qos ?? stored;
  const asking = { flags: flagsOf(protocol, flags), callerData, deadlineMs };
  if (wanted === null) return ok(asking);
  if (!protocol.qos) return err({ code: 'WSAEOPNOTSUPP', rule: 'R103' });
  const amiss = checkQos(wanted, unusedDirections(protocol, asking.flags));
  return amiss === null ? ok({ ...asking, qos: wanted }) : err(amiss);
}

interface Invitation {
  readonly link: Descriptor;
  readonly leaf: NodeAddress;
  readonly asking: Asking;
  readonly calleeBytesMax: number | null;
}

function invite(
  before: NodeSockets,
  unready: RootSocket,
  invitation: Invitation,
): Step<JoinStarted> {
  const { state, root, address, effects } = boundRoot(before, unready);
  const { asking, link, leaf, calleeBytesMax } = invitation;
  const [socket, linkSerial] = [String(root.descriptor), String(link)];
  const sent = send(state, {
    session: address,
    command: { verb: 'join', as: 'root', socket, leaf, link: linkSerial, ...asking },
    pending: { verb: 'join', socket: root.descriptor, link },
    after: root.previous,
  });
  const pending: PendingJoin = {
    call: sent.call,
    session: address,
    join: null,
    link,
    calleeBytesMax,
  };
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
  return { state: opening.state, root: opening.root, address, effects: opening.effects };
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
  const asking = askingOf(leaf, request);
  if (!asking.ok) return { state, result: asking, effects: [] };
  const bound = boundLeaf(state, leaf);
  if (!bound.ok) return { state, result: bound, effects: [] };
  const session = request.name as SessionAddress;
  const { calleeBytesMax = null } = request;
  return ask(bound.value, leaf, { session, asking: asking.value, calleeBytesMax });
}

// An unbound c_leaf gets a port, and keeps it whatever becomes of the join (R14, R15).
function boundLeaf(state: NodeSockets, leaf: LeafSocket): Result<Bound, Refusal> {
  if (leaf.local !== null) return madeConcrete(state, leaf, leaf.local);
  const bound = bindEphemeral(state, leaf.descriptor);
  return bound === null ? err({ code: 'WSAENOBUFS', rule: 'E12' }) : ok(bound);
}

interface Request {
  readonly session: SessionAddress;
  readonly asking: Asking;
  readonly calleeBytesMax: number | null;
}

function ask(
  { state, local }: Bound,
  leaf: LeafSocket,
  { session, asking, calleeBytesMax }: Request,
): Step<JoinStarted> {
  const { descriptor } = leaf;
  const { flags } = asking;
  const traffic = flags === noTraffic.flags ? noTraffic : { ...noTraffic, flags };
  const sent = send(state, {
    session,
    command: { verb: 'join', as: 'leaf', socket: String(descriptor), local, ...asking },
    pending: { verb: 'join', socket: descriptor, link: null },
    after: null,
  });
  const joining: PendingJoin = { call: sent.call, session, join: null, link: null, calleeBytesMax };
  const watch = joinBegins(leaf.watch);
  const phase = { name: 'joining', joining } as const;
  const pending: LeafSocket = { ...leaf, local, watch, traffic, phase };
  const tuned = tuneIn(withSocket(sent.state, pending), descriptor, session);
  return done(tuned.state, { call: sent.call, descriptor }, [...tuned.effects, sent.effect]);
}
