import type { SessionAddress } from '../address.js';
import type { SessionEvent } from '../event.js';
import {
  type Chance,
  pick,
  maybe,
  time,
  plane,
  joinId,
  data,
  flags,
  anySocket,
  endpoint,
  policy,
  qosOrNone,
} from './values.js';

/** Draws any event, without regard to any session; valid on the wire. */
export const drawEvent = (chance: Chance): SessionEvent => pick(chance, events)(chance);

const events: readonly ((chance: Chance) => SessionEvent)[] = [
  (chance) => ({
    type: 'SessionOpened',
    address: pick(chance, ['conf-7', '@news']) as SessionAddress,
    incarnation: 1 + chance(3),
    control: plane(chance),
    data: plane(chance),
    root: maybe(chance, () => anySocket(chance)),
    policy: policy(chance),
  }),
  (chance) => ({ type: 'ListenStarted', backlog: 1 + chance(4) }),
  (chance) => ({ type: 'PolicyChanged', policy: policy(chance) }),
  (chance) => ({
    type: 'CommandSettled',
    code: pick(chance, ['WSAEALREADY', 'WSAENETDOWN', null] as const),
    facts: maybe(chance, () => ({ recorded: false })),
    basedOn: { revision: chance(9), decisions: chance(3) },
  }),
  (chance) => ({
    type: 'JoinRequested',
    join: joinId(chance),
    kind: pick(chance, ['invitation', 'request', 'group'] as const),
    caller: anySocket(chance),
    leafAddress: endpoint(chance),
    link: maybe(chance, () => anySocket(chance)),
    flags: flags(chance),
    callerData: data(chance),
    ...qosOrNone(chance),
    deadlineAt: maybe(chance, () => time(chance)),
  }),
  (chance) => ({ type: 'JoinDeferred', join: joinId(chance) }),
  (chance) => ({
    type: 'LeafAdmitted',
    join: joinId(chance),
    leaf: anySocket(chance),
    link: maybe(chance, () => anySocket(chance)),
    calleeData: data(chance),
  }),
  (chance) => ({
    type: 'JoinFailed',
    join: joinId(chance),
    code: pick(chance, ['WSAECONNREFUSED', 'WSAETIMEDOUT', 'WSAENETUNREACH'] as const),
    reason: pick(chance, ['rejected', 'backlog-trimmed', 'timed-out', 'session-over'] as const),
  }),
  (chance) => ({
    type: 'JoinCancelled',
    join: joinId(chance),
    reason: pick(chance, ['closed', 'node-lost', 'session-over'] as const),
  }),
  (chance) => ({
    type: 'MemberLeft',
    leaf: anySocket(chance),
    departure: pick(chance, [
      'leaf-closed',
      'link-closed',
      'leaf-reset',
      'link-reset',
      'replaced',
      'node-lost',
    ] as const),
  }),
  (chance) => ({
    type: 'RootLost',
    root: anySocket(chance),
    heir: maybe(chance, () => anySocket(chance)),
    until: time(chance),
  }),
  (chance) => ({ type: 'HeirElected', heir: anySocket(chance) }),
  (chance) => ({ type: 'RootReplaced', root: anySocket(chance), incarnation: 1 + chance(3) }),
  () => ({ type: 'SessionShutDown' }),
  (chance) => ({
    type: 'SessionClosed',
    ending: pick(chance, ['root-closed', 'root-reset', 'root-lost', 'group-closed'] as const),
  }),
];
