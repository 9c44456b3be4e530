// The law a second time, as plainly as it can be said: what happens where no check applies. Slow, and for tests
// alone: what `decide` and `evolve` do is compared with it.
import type { CommandOf, SessionCommand } from './command.js';
import type { JoinFailure, JoinId, SessionEvent } from './event.js';
import {
  type Waiting,
  type Inside,
  type Model,
  newModel,
  type Check,
  isOpen,
  wasShut,
  invitation,
  requests,
  waitingFor,
  identity,
  addressOf,
  succeeds,
  mustWait,
  checks,
} from './reference-checks.js';
import type { SocketId } from './socket-id.js';
import type { Rule, WsaCode } from './wsa.js';

export { checks, newModel, type Model };

/** What the model says to a command: the first check that applies, or what happens. */
export function judge(
  m: Model,
  command: SessionCommand,
): { readonly code: WsaCode; readonly rule: Rule } | readonly SessionEvent[] {
  // Each list of checks fits the command of its own name.
  const inOrder = checks[command.type] as readonly Check<SessionCommand>[];
  const wrong = inOrder.find(([, , applies]) => applies(m, command));
  return wrong === undefined ? happens(m, command) : { code: wrong[0], rule: wrong[1] };
}

function happens(m: Model, c: SessionCommand): readonly SessionEvent[] {
  switch (c.type) {
    case 'OpenSession': {
      if (succeeds(m, c.root) && c.root !== null) {
        return [{ type: 'RootReplaced', root: c.root, incarnation: m.incarnation }];
      }
      if (isOpen(m)) return [];
      return [{ ...c, type: 'SessionOpened', incarnation: m.incarnation + 1 }];
    }
    case 'Listen': {
      const backlog = Math.max(1, Math.min(4_096, Math.trunc(c.backlog)));
      const dropped = requests(m)
        .slice(backlog)
        .map(({ id }) => refusal(id, 'backlog-trimmed'));
      return backlog === m.backlog ? [] : [{ type: 'ListenStarted', backlog }, ...dropped];
    }
    case 'ChangePolicy': {
      const policy = { ...m.policy, ...c.changes };
      const same = JSON.stringify(policy) === JSON.stringify(m.policy);
      return same ? [] : [{ type: 'PolicyChanged', policy }];
    }
    case 'InviteLeaf':
    case 'RequestJoin':
      return joins(m, c);
    case 'AcceptJoin': {
      const { join: id, accepted, calleeData } = c;
      const join = waitingFor(m, id);
      if (join === undefined) return [];
      const [leaf, link] =
        join.kind === 'invitation'
          ? [accepted ?? join.caller, join.link]
          : [join.caller, accepted ?? made(m, id)];
      const admitted = { type: 'LeafAdmitted', join: id, leaf, link, calleeData } as const;
      return [...makesWay(m, join.address), admitted];
    }
    case 'RejectJoin':
      return [refusal(c.join, c.reason)];
    case 'DeferJoin':
      return waitingFor(m, c.join)?.deferred ? [] : [{ type: 'JoinDeferred', join: c.join }];
    case 'CloseSocket':
      return closed(m, c.socket, c.abortive === true);
    case 'ShutdownSession':
      return isOpen(m) && c.how !== 'receive'
        ? [...nobodyWaits(m), { type: 'SessionShutDown' }]
        : [];
    case 'CloseGroup':
      return isOpen(m)
        ? [...nobodyWaits(m), { type: 'SessionClosed', ending: 'group-closed' }]
        : [];
    case 'ExpireJoins': {
      const isLate = ({ deadlineAt }: Waiting): boolean =>
        deadlineAt !== null && deadlineAt <= c.now;
      const late = (isOpen(m) ? inOrder(m) : []).filter(isLate);
      const failed = late.map(({ id }) => refusal(id, 'timed-out', 'WSAETIMEDOUT'));
      const isOver = m.orphaned !== null && m.orphaned.until <= c.now;
      return isOver ? [...failed, ...theEnd(m, late, 'root-lost')] : failed;
    }
    case 'LoseNode':
      return lost(m, `${c.node}/${c.incarnation}/`, c.now ?? 0);
    case 'SettleCommand':
      return [];
  }
}

function joins(
  m: Model,
  c: CommandOf<'InviteLeaf'> | CommandOf<'RequestJoin'>,
): readonly SessionEvent[] {
  const { caller, leafAddress, flags, callerData, qos, now, deadlineMs } = c;
  const join: JoinId = `J${m.joinCount + 1}`;
  const isInvitation = c.type === 'InviteLeaf';
  const waits = isInvitation || mustWait(m);
  const request: SessionEvent = {
    type: 'JoinRequested',
    join,
    kind: isInvitation ? 'invitation' : m.isGroup ? 'group' : 'request',
    caller,
    leafAddress,
    link: isInvitation ? c.link : null,
    flags,
    callerData,
    ...(qos && { qos }),
    deadlineAt: waits ? now + Math.min(deadlineMs ?? Infinity, m.policy.joinDeadlineMs) : null,
  };
  if (waits) return [request];
  const link = m.isGroup ? null : made(m, join);
  const admitted = { type: 'LeafAdmitted', join, leaf: caller, link, calleeData: null } as const;
  return [request, ...makesWay(m, leafAddress), admitted];
}

const made = (m: Model, join: JoinId): SocketId =>
  (m.root ?? '').replace(/[^/]*$/, join) as SocketId;

const makesWay = (m: Model, address: string): SessionEvent[] =>
  m.members
    .filter((member) => identity(m) === 'replace-old' && member.address === address)
    .map(({ leaf }) => ({ type: 'MemberLeft', leaf, departure: 'replaced' }));

const refusal = (
  join: JoinId,
  reason: JoinFailure,
  code: WsaCode = 'WSAECONNREFUSED',
): SessionEvent => ({ type: 'JoinFailed', join, code, reason });

const inOrder = (m: Model): Waiting[] => {
  const first = invitation(m);
  return first === undefined ? requests(m) : [first, ...requests(m)];
};

const nobodyWaits = (m: Model): SessionEvent[] =>
  inOrder(m).map(({ id, kind }) =>
    kind === 'invitation'
      ? { type: 'JoinCancelled', join: id, reason: 'session-over' }
      : refusal(id, 'session-over'),
  );

function closed(m: Model, socket: SocketId, isAbortive: boolean): readonly SessionEvent[] {
  if (wasShut(m, socket)) return [{ type: 'SessionClosed', ending: 'root-closed' }];
  if (!isOpen(m)) return [];
  if (m.root === socket) {
    const ending = isAbortive ? 'root-reset' : 'root-closed';
    return [...nobodyWaits(m), { type: 'SessionClosed', ending }];
  }
  const join = m.waiting.find(({ kind, caller, link }) =>
    kind === 'invitation' ? link === socket : caller === socket,
  );
  if (join !== undefined) return [{ type: 'JoinCancelled', join: join.id, reason: 'closed' }];
  const leaving = m.members.filter(({ leaf, link }) => leaf === socket || link === socket);
  const left = leaving.map(({ leaf }): SessionEvent => {
    const who = leaf === socket ? 'leaf' : 'link';
    const departure = `${who}-${isAbortive ? 'reset' : 'closed'}` as const;
    return { type: 'MemberLeft', leaf, departure };
  });
  return [...left, ...inherits(m, [], leaving)];
}

// Ends a session whose joins `decided` have their outcome already.
const theEnd = (m: Model, decided: readonly Waiting[], ending: 'root-lost'): SessionEvent[] => [
  ...nobodyWaits({ ...m, waiting: m.waiting.filter((join) => !decided.includes(join)) }),
  { type: 'SessionClosed', ending },
];

// Who is heir when some have gone, if a session waits for one.
function inherits(m: Model, gone: readonly Waiting[], left: readonly Inside[]): SessionEvent[] {
  const heir = m.orphaned?.heir ?? null;
  if (heir === null || !left.some(({ leaf }) => leaf === heir)) return [];
  const next = m.members.find((member) => !left.includes(member));
  return next === undefined
    ? theEnd(m, gone, 'root-lost')
    : [{ type: 'HeirElected', heir: next.leaf }];
}

function lost(m: Model, run: string, now: number): readonly SessionEvent[] {
  if (m.phase !== 'open' && m.phase !== 'shut') return [];
  const isRootLost = m.root?.startsWith(run) === true;
  const gone = requests(m).filter(({ caller }) => caller.startsWith(run));
  const left = m.members.filter(({ leaf }) => leaf.startsWith(run));
  const stays = m.members.find((member) => !left.includes(member));
  const { rootLoss, lingerMs } = m.policy;
  const isOver = rootLoss === 'close-all' || (rootLoss === 'elect-oldest' && stays === undefined);
  if (isRootLost && (isOver || m.phase === 'shut')) return theEnd(m, [], 'root-lost');
  const invited = invitation(m);
  const withdrawn = isRootLost && invited !== undefined ? [invited] : [];
  const goes: SessionEvent[] = [
    ...[...withdrawn, ...gone].map(
      ({ id }) => ({ type: 'JoinCancelled', join: id, reason: 'node-lost' }) as const,
    ),
    ...left.map(({ leaf }) => ({ type: 'MemberLeft', leaf, departure: 'node-lost' }) as const),
  ];
  if (!isRootLost || m.root === null) return [...goes, ...inherits(m, gone, left)];
  const heir = rootLoss === 'elect-oldest' ? (stays?.leaf ?? null) : null;
  return [...goes, { type: 'RootLost', root: m.root, heir, until: now + lingerMs }];
}

/** Writes an event of the law into the lists. */
export function apply(m: Model, event: SessionEvent): void {
  switch (event.type) {
    case 'SessionOpened': {
      const { incarnation, root, policy, data } = event;
      const { joinCount } = m;
      const isGroup = root === null;
      Object.assign(m, { ...newModel(), phase: 'open', joinCount });
      Object.assign(m, { incarnation, root, policy, isGroup, data });
      return;
    }
    case 'ListenStarted':
      m.backlog = event.backlog;
      return;
    case 'PolicyChanged':
      m.policy = event.policy;
      return;
    case 'JoinRequested': {
      const { join: id, kind, caller, leafAddress: address, link, deadlineAt } = event;
      const { flags, qos } = event;
      m.joinCount += 1;
      const base = { id, kind, caller, address, link, deadlineAt, flags, qos };
      m.waiting.push({ ...base, deferred: false });
      return;
    }
    case 'CommandSettled':
      return;
    case 'JoinDeferred':
      for (const join of m.waiting) if (join.id === event.join) join.deferred = true;
      return;
    case 'LeafAdmitted': {
      const { join, leaf, link } = event;
      const { kind = 'request', flags = 'both', qos } = waitingFor(m, join) ?? {};
      m.members.push({ leaf, link, join, address: addressOf(m, join), kind, flags, qos });
      m.waiting = m.waiting.filter(({ id }) => id !== join);
      return;
    }
    case 'JoinFailed':
    case 'JoinCancelled':
      m.waiting = m.waiting.filter(({ id }) => id !== event.join);
      return;
    case 'MemberLeft':
      m.members = m.members.filter(({ leaf }) => leaf !== event.leaf);
      return;
    case 'RootLost': {
      const { root: lost, heir, until } = event;
      const members = m.members.map((member) => ({ ...member, link: null }));
      Object.assign(m, { root: null, backlog: null, orphaned: { lost, heir, until }, members });
      return;
    }
    case 'HeirElected':
      if (m.orphaned !== null) m.orphaned.heir = event.heir;
      return;
    case 'RootReplaced':
      Object.assign(m, { root: event.root, backlog: null, orphaned: null });
      m.members = m.members.map((member) => ({ ...member, link: made(m, member.join) }));
      for (const join of m.waiting) join.deferred = false;
      return;
    case 'SessionShutDown':
      Object.assign(m, { phase: 'shut', waiting: [], members: [], backlog: null });
      return;
    case 'SessionClosed':
      Object.assign(m, {
        ...newModel(),
        phase: 'closed',
        incarnation: m.incarnation,
        joinCount: m.joinCount,
      });
  }
}
