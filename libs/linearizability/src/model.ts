import {
  nodeOf,
  type JoinId,
  type NodeAddress,
  type SocketId,
  type WsaCode,
} from '@joinleaf/multipoint';
import type { Input, Output, Policy } from './history.js';

// A session that serves one call after the other, said once more and independently of the decider: lists, and for
// each call its checks in the order of docs/SPEC.md. What clients were told is compared with what this one says.

interface Waiting {
  readonly join: JoinId;
  readonly kind: 'invitation' | 'request';
  readonly caller: SocketId;
  readonly at: NodeAddress;
  readonly link: SocketId | null;
}

interface Inside {
  readonly leaf: SocketId;
  readonly at: NodeAddress;
  readonly link: SocketId | null;
}

/** What a session is, seen from its clients. */
export interface Model {
  readonly phase: 'closed' | 'open' | 'shut';
  readonly root: SocketId | null;
  readonly policy: Policy;
  /** Null until the root listens. */
  readonly backlog: number | null;
  /** Joins so far, over all sessions at this address: the last one's number. */
  readonly joins: number;
  /** The root's one invitation. */
  readonly invitation: Waiting | null;
  /** In the order of their arrival. */
  readonly requests: readonly Waiting[];
  /** By socket. */
  readonly members: readonly Inside[];
}

export const nothingYet: Model = {
  phase: 'closed',
  root: null,
  policy: { admit: 'ask', capacity: null },
  backlog: null,
  joins: 0,
  invitation: null,
  requests: [],
  members: [],
};

/** What the model answers, and what is true then. */
export interface Said {
  readonly says:
    | { readonly type: 'accepted'; readonly changed: boolean }
    | { readonly type: 'started' | 'admitted'; readonly join: JoinId }
    | { readonly type: 'members'; readonly members: readonly SocketId[] }
    | { readonly type: 'refused'; readonly code: WsaCode };
  readonly next: Model;
}

/** Serves one call. Deterministic. */
export function serve(model: Model, input: Input): Said {
  switch (input.type) {
    case 'open':
      return open(model, input);
    case 'listen':
      return forRoot(model, input.root) ?? listen(model, input.backlog);
    case 'policy':
      return forRoot(model, input.root) ?? changePolicy(model, input.changes);
    case 'join':
      return join(model, input);
    case 'invite':
      return forRoot(model, input.root) ?? invite(model, input);
    case 'accept':
      return accept(model, input);
    case 'reject':
      return (
        answerable(model, input.join, input.acceptor, input.node) ?? ended(model, [input.join])
      );
    case 'defer':
      return answerable(model, input.join, input.acceptor, nodeIn(input.acceptor)) ?? done(model);
    case 'close':
      return input.socket === null ? closeGroup(model) : close(model, input.socket);
    case 'shutdown':
      return shutdown(model, input);
    case 'expire':
      return ended(model, input.joins);
    case 'lose':
      return lose(model, `${input.node}/${input.incarnation}/`);
    case 'query':
      return {
        says: { type: 'members', members: model.members.map(({ leaf }) => leaf) },
        next: model,
      };
  }
}

/**
 * The session after a call that was answered so; null when it does not answer so. Without an answer, what
 * the call does when it happens now.
 */
export function step(model: Model, input: Input, output: Output | null): Model | null {
  const { says, next } = serve(model, input);
  if (output === null || output.type === 'unknown') return next;
  if (output.type === 'turned-away') return model;
  if (output.type === 'refused') {
    if (says.type === 'refused') return says.code === output.code ? next : null;
    // The one thing that only the arbiter knows: whether the invited node is there (E11). Checked last.
    return input.type === 'invite' && output.code === 'WSAENETUNREACH' ? model : null;
  }
  switch (says.type) {
    case 'refused':
      return null;
    case 'accepted':
      return output.type === 'accepted' && fits(input, says.changed, output.changed) ? next : null;
    case 'started':
    case 'admitted':
      return output.type === says.type && output.join === says.join ? next : null;
    case 'members':
      return output.type === 'members' && sameSockets(says.members, output.members) ? next : null;
  }
}

/** A text that two models share when they are the same. */
export const keyOf = (model: Model): string => JSON.stringify(Object.values(model));

// Deferring and listening leave marks that the model does not keep, or not in full.
const fits = ({ type }: Input, changed: boolean, told: boolean | null): boolean =>
  told === null || type === 'defer' || changed === told;

const sameSockets = (mine: readonly SocketId[], theirs: readonly SocketId[]): boolean =>
  mine.length === theirs.length && new Set([...mine, ...theirs]).size === mine.length;

const refused = (next: Model, code: WsaCode): Said => ({ says: { type: 'refused', code }, next });
const done = (model: Model, next: Model = model): Said => ({
  says: { type: 'accepted', changed: next !== model },
  next,
});
const nodeIn = (socket: SocketId): string => socket.slice(0, socket.indexOf('/'));

function forRoot(model: Model, root: SocketId | null): Said | null {
  if (model.phase === 'shut' && model.root === root) return refused(model, 'WSAESHUTDOWN');
  return model.phase === 'open' && model.root === root ? null : refused(model, 'WSAENOTSOCK');
}

function open(model: Model, { root, policy }: Extract<Input, { type: 'open' }>): Said {
  if (model.phase === 'closed') {
    return done(model, { ...nothingYet, phase: 'open', root, policy, joins: model.joins });
  }
  const isThere = model.phase === 'open' && root === null && model.root === null;
  return isThere && samePolicy(model.policy, policy)
    ? done(model)
    : refused(model, 'WSAEADDRINUSE');
}

const samePolicy = (a: Policy, b: Policy): boolean =>
  a.admit === b.admit && a.capacity === b.capacity;

function listen(model: Model, wished: number): Said {
  const backlog = Math.min(Math.max(Math.trunc(wished), 1), 4_096);
  if (model.backlog === backlog) return done(model);
  return done(model, { ...model, backlog, requests: model.requests.slice(0, backlog) });
}

function changePolicy(model: Model, changes: Partial<Policy>): Said {
  const policy = { ...model.policy, ...changes };
  return samePolicy(model.policy, policy) ? done(model) : done(model, { ...model, policy });
}

function join(model: Model, { socket, local }: Extract<Input, { type: 'join' }>): Said {
  if (model.phase !== 'open') return refused(model, 'WSAECONNREFUSED');
  if (model.requests.some(({ caller }) => caller === socket)) return refused(model, 'WSAEALREADY');
  if (model.members.some(({ leaf }) => leaf === socket)) return refused(model, 'WSAEISCONN');
  if (isTaken(model, socket)) return refused(model, 'WSAEINVAL');
  const isGroup = model.root === null;
  if (!isGroup && model.backlog === null) return refused(model, 'WSAECONNREFUSED');
  const unwelcome = turnedAway(model, local, null);
  if (unwelcome !== null) return refused(model, unwelcome);
  const id: JoinId = `J${model.joins + 1}`;
  const counted = { ...model, joins: model.joins + 1 };
  if (isGroup || model.policy.admit === 'auto') {
    return admitted(counted, id, { leaf: socket, at: local, link: linkFor(model, id) });
  }
  if (model.requests.length >= (model.backlog ?? 0)) return refused(model, 'WSAECONNREFUSED');
  const waiting = { join: id, kind: 'request', caller: socket, at: local, link: null } as const;
  const next = { ...counted, requests: [...model.requests, waiting] };
  return { says: { type: 'started', join: id }, next };
}

function invite(model: Model, { root, leaf, link }: Extract<Input, { type: 'invite' }>): Said {
  if (model.invitation !== null) return refused(model, 'WSAEALREADY');
  if (isTaken(model, link)) return refused(model, 'WSAEINVAL');
  const unwelcome = turnedAway(model, leaf, null);
  if (unwelcome !== null) return refused(model, unwelcome);
  const id: JoinId = `J${model.joins + 1}`;
  const invitation = { join: id, kind: 'invitation', caller: root, at: leaf, link } as const;
  return {
    says: { type: 'started', join: id },
    next: { ...model, joins: model.joins + 1, invitation },
  };
}

function accept(model: Model, input: Extract<Input, { type: 'accept' }>): Said {
  const { acceptor, accepted } = input;
  const unanswerable = answerable(model, input.join, acceptor, nodeIn(acceptor));
  const waiting = waitingOf(model).find(({ join: id }) => id === input.join);
  if (unanswerable !== null || waiting === undefined) return unanswerable ?? done(model);
  if (accepted !== null && isTaken(model, accepted)) return refused(model, 'WSAEINVAL');
  const unwelcome = turnedAway(model, waiting.at, waiting);
  if (waiting.kind === 'request') {
    const link = accepted ?? linkFor(model, waiting.join);
    if (unwelcome !== null) return refused(model, unwelcome);
    return admitted(model, waiting.join, { leaf: waiting.caller, at: waiting.at, link });
  }
  if (accepted === null) return refused(model, 'WSAEINVAL');
  if (unwelcome !== null) return refused(model, unwelcome);
  return admitted(model, waiting.join, { leaf: accepted, at: waiting.at, link: waiting.link });
}

// A join is answered while it waits: a request by the root, an invitation by the invited node.
function answerable(
  model: Model,
  id: JoinId,
  acceptor: SocketId | null,
  node: string,
): Said | null {
  const waiting = waitingOf(model).find((one) => one.join === id);
  if (waiting === undefined) return refused(model, 'WSAEACCES');
  const mayAnswer =
    waiting.kind === 'invitation' ? nodeOf(waiting.at) === node : acceptor === model.root;
  return mayAnswer ? null : refused(model, 'WSAEINVAL');
}

const waitingOf = ({ invitation, requests }: Model): readonly Waiting[] =>
  invitation === null ? requests : [invitation, ...requests];

const linkFor = ({ root }: Model, id: JoinId): SocketId | null =>
  root === null ? null : (`${root.slice(0, root.lastIndexOf('/'))}/${id}` as SocketId);

const isTaken = (model: Model, socket: SocketId): boolean =>
  socket.includes('/J') ||
  model.root === socket ||
  model.invitation?.link === socket ||
  model.requests.some(({ caller }) => caller === socket) ||
  model.members.some(({ leaf, link }) => leaf === socket || link === socket);

// What speaks against an endpoint. An invitation on its way holds a place, and may take it (H5).
function turnedAway(model: Model, at: NodeAddress, admitting: Waiting | null): WsaCode | null {
  const { members, invitation, policy } = model;
  if (members.some((member) => member.at === at)) return 'WSAEISCONN';
  if (admitting === null && waitingOf(model).some((one) => one.at === at)) return 'WSAEALREADY';
  const promised = invitation === null || invitation === admitting ? 0 : 1;
  const isFull = policy.capacity !== null && members.length + promised >= policy.capacity;
  return isFull ? 'WSAENOBUFS' : null;
}

function admitted(model: Model, id: JoinId, inside: Inside): Said {
  const members = [...model.members, inside].sort((a, b) => (a.leaf < b.leaf ? -1 : 1));
  return { says: { type: 'admitted', join: id }, next: { ...without(model, [id]), members } };
}

function without(model: Model, joins: readonly JoinId[]): Model {
  const { invitation, requests } = model;
  const stays = (one: Waiting | null): boolean => one !== null && !joins.includes(one.join);
  return {
    ...model,
    invitation: stays(invitation) ? invitation : null,
    requests: requests.filter(stays),
  };
}

const ended = (model: Model, joins: readonly JoinId[]): Said =>
  waitingOf(model).some(({ join: id }) => joins.includes(id))
    ? done(model, without(model, joins))
    : done(model);

const over = ({ joins }: Model): Model => ({ ...nothingYet, joins });

function close(model: Model, socket: SocketId): Said {
  if (model.phase === 'closed') return done(model);
  if (model.root === socket) return done(model, over(model));
  const plays = ({ link, leaf }: Inside): boolean => leaf === socket || link === socket;
  const cancelled = waitingOf(model).find(({ kind, caller, link }) =>
    kind === 'invitation' ? link === socket : caller === socket,
  );
  if (cancelled !== undefined) return ended(model, [cancelled.join]);
  if (!model.members.some(plays)) return done(model);
  return done(model, { ...model, members: model.members.filter((member) => !plays(member)) });
}

function closeGroup(model: Model): Said {
  if (model.phase !== 'open') return done(model);
  return model.root === null ? done(model, over(model)) : refused(model, 'WSAEINVAL');
}

function shutdown(model: Model, { root, how }: Extract<Input, { type: 'shutdown' }>): Said {
  if (model.phase === 'closed' || model.root !== root) return refused(model, 'WSAENOTCONN');
  if (model.phase === 'shut' || how === 'receive') return done(model);
  return done(model, { ...over(model), phase: 'shut', root });
}

function lose(model: Model, run: string): Said {
  if (model.phase === 'closed') return done(model);
  if (model.root?.startsWith(run) === true) return done(model, over(model));
  const requests = model.requests.filter(({ caller }) => !caller.startsWith(run));
  const members = model.members.filter(({ leaf }) => !leaf.startsWith(run));
  const isSame =
    requests.length === model.requests.length && members.length === model.members.length;
  return isSame ? done(model) : done(model, { ...model, requests, members });
}
