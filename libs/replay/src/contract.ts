// Histories that whoever tells histories must tell right, for specs: made by the decider itself. Ada keeps
// the session conf-7; bob, cy, dan and eve are leaves, each on a node of their own.
import type { Sha256 } from '@joinleaf/event-log';
import {
  nodeAddress,
  socketId,
  winsockPolicy,
  type AdmissionPolicy,
  type CommandOf,
  type JoinId,
  type SessionAddress,
  type SocketId,
} from '@joinleaf/multipoint';
import { Recorder } from './recorder.js';

/** 2026-11-20 12:04:31.020, in UTC. */
export const startAt = 1_795_176_271_020;
export const conf = 'conf-7' as SessionAddress;
export const news = '@news' as SessionAddress;

export const socket = (node: string, serial: number | string, incarnation = 'run1'): SocketId =>
  socketId({ node, incarnation, serial: String(serial) });

export const root = socket('ada', 3);
export const at = (node: string) => nodeAddress(node, 1);

type Some<T> = Partial<Omit<T, 'type'>>;

export const opens = (
  policy: Partial<AdmissionPolicy> = {},
  over: Some<CommandOf<'OpenSession'>> = {},
): CommandOf<'OpenSession'> => ({
  type: 'OpenSession',
  address: conf,
  root,
  control: 'rooted',
  data: 'nonrooted',
  policy: { ...winsockPolicy, ...policy },
  ...over,
});

export const opensGroup = (policy: Partial<AdmissionPolicy> = {}): CommandOf<'OpenSession'> =>
  opens(policy, { address: news, root: null, control: 'nonrooted' });

export const listens = (backlog = 5, by = root): CommandOf<'Listen'> => ({
  type: 'Listen',
  root: by,
  backlog,
});

export const changes = (
  change: Partial<AdmissionPolicy>,
  by: SocketId | null = root,
): CommandOf<'ChangePolicy'> => ({ type: 'ChangePolicy', root: by, changes: change });

/** Somebody's socket 1, bound to port 1, asks. */
export const asks = (
  node: string,
  now = startAt,
  over: Some<CommandOf<'RequestJoin'>> = {},
): CommandOf<'RequestJoin'> => ({
  type: 'RequestJoin',
  caller: socket(node, 1),
  leafAddress: at(node),
  flags: 'both',
  callerData: null,
  now,
  deadlineMs: null,
  ...over,
});

/** The root invites somebody's port 1, on the link with this number. */
export const invites = (
  node: string,
  link: number,
  now = startAt,
  over: Some<CommandOf<'InviteLeaf'>> = {},
): CommandOf<'InviteLeaf'> => ({
  type: 'InviteLeaf',
  caller: root,
  leafAddress: at(node),
  link: socket('ada', link),
  flags: 'both',
  callerData: null,
  now,
  deadlineMs: 15_000,
  leafNode: 'up',
  ...over,
});

export const accepts = (
  join: JoinId,
  over: Some<CommandOf<'AcceptJoin'>> = {},
): CommandOf<'AcceptJoin'> => ({
  type: 'AcceptJoin',
  join,
  acceptor: root,
  accepted: null,
  calleeData: null,
  ...over,
});

/** The invited node accepts, from its listener 9, with its new socket 2. */
export const agrees = (join: JoinId, node: string): CommandOf<'AcceptJoin'> =>
  accepts(join, { acceptor: socket(node, 9), accepted: socket(node, 2) });

export const rejects = (
  join: JoinId,
  over: Some<CommandOf<'RejectJoin'>> = {},
): CommandOf<'RejectJoin'> => ({
  type: 'RejectJoin',
  join,
  acceptor: root,
  node: 'ada',
  reason: 'rejected',
  ...over,
});

export const defers = (join: JoinId, acceptor = root): CommandOf<'DeferJoin'> => ({
  type: 'DeferJoin',
  join,
  acceptor,
});

export const closes = (closed: SocketId): CommandOf<'CloseSocket'> => ({
  type: 'CloseSocket',
  socket: closed,
});

export const shutsDown = (by = root): CommandOf<'ShutdownSession'> => ({
  type: 'ShutdownSession',
  root: by,
  how: 'both',
});

export const expires = (now: number): CommandOf<'ExpireJoins'> => ({ type: 'ExpireJoins', now });

export const loses = (node: string, now?: number): CommandOf<'LoseNode'> => ({
  type: 'LoseNode',
  node,
  incarnation: 'run1',
  evidence: { kind: 'silent', silentMs: 15_200, boundMs: 15_000 },
  ...(now === undefined ? {} : { now }),
});

const greeting = 'aGVsbG8sIGxldCBtZSBpbg=='; // hello, let me in
const welcome = 'd2VsY29tZQ=='; // welcome

/** A session with all kinds of records in it: joins, refusals, a deadline, a late answer, a loss. */
export function everyday(sha256: Sha256): Recorder {
  const recorder = new Recorder({ session: conf, sha256, startAt });
  recorder
    .decide(opens({ capacity: 3 }))
    .wait(12)
    .decide(listens(5));
  recorder.wait(80).decide(asks('bob', recorder.now, { callerData: greeting }));
  recorder.wait(15).decide(accepts('J1', { accepted: socket('ada', 11), calleeData: welcome }));
  recorder.wait(200).decide(invites('cy', 12, recorder.now));
  recorder.decide(invites('dan', 13, recorder.now));
  recorder.wait(40).decide(agrees('J2', 'cy'));
  recorder.wait(1_000).decide(invites('dan', 13, recorder.now));
  recorder.wait(15_001).decide(expires(recorder.now));
  recorder.wait(700).decide(agrees('J3', 'dan'));
  recorder.wait(2_000).decide(asks('bob', recorder.now));
  recorder.wait(65_000).decide(loses('cy'));
  recorder.wait(3_000).decide(closes(socket('bob', 1)));
  return recorder.wait(3_600_000).decide(closes(root));
}

/** One commit of many decisions at one moment, with refusals in between; then room is made. */
export function crowd(sha256: Sha256): Recorder {
  const recorder = new Recorder({ session: conf, sha256, startAt });
  recorder.decide(opens({ admit: 'auto', capacity: 2 }), listens(1));
  recorder.decide(asks('bob'), asks('cy'), asks('dan'), asks('bob'), asks('eve'));
  recorder.decide(changes({ capacity: 3 }), asks('eve'));
  return recorder.decide(closes(socket('ada', 'J1')), shutsDown(), listens(2));
}

/** A session that loses its root, and its first heir; the second one keeps it, until that one is lost too. */
export function inherited(sha256: Sha256): Recorder {
  const recorder = new Recorder({ session: conf, sha256, startAt });
  recorder.decide(opens({ rootLoss: 'elect-oldest', lingerMs: 20_000 }), listens(5));
  for (const [index, node] of ['bob', 'cy', 'dan'].entries()) {
    recorder.wait(20).decide(asks(node, recorder.now));
    recorder.wait(20).decide(accepts(`J${String(index + 1)}` as JoinId));
  }
  recorder.wait(900).decide(asks('eve', recorder.now));
  recorder.wait(50).decide(loses('ada', recorder.now));
  recorder.wait(700).decide(asks('fay', recorder.now));
  recorder.wait(300).decide(opens({}, { root: socket('dan', 3) }));
  recorder.wait(900).decide(loses('bob', recorder.now));
  const heir = socket('cy', 3);
  recorder.wait(400).decide(opens({}, { root: heir }), listens(5, heir));
  recorder.wait(60).decide(accepts('J4', { acceptor: heir }));
  recorder.wait(9_000).decide(loses('cy', recorder.now));
  return recorder.wait(20_000).decide(expires(recorder.now));
}

/** A group: nobody is asked, and nobody is told when a member leaves. */
export function group(sha256: Sha256): Recorder {
  const recorder = new Recorder({ session: news, sha256, startAt });
  recorder.decide(asks('bob')).decide(opensGroup()).wait(5);
  recorder.decide(asks('bob'), asks('cy'), asks('cy'));
  recorder.wait(5).decide(closes(socket('bob', 1)));
  return recorder.wait(5).decide({ type: 'CloseGroup' });
}
