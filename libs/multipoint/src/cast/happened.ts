// What happened, as specs say it: a builder makes the usual event, and takes what is unusual about it.
import type { Departure, EventOf, JoinFailure, JoinId, SessionEvent } from '../event.js';
import { winsockPolicy, type AdmissionPolicy } from '../policy.js';
import type { SocketId } from '../socket-id.js';
import type { WsaCode } from '../wsa.js';
import { type Person, type Some, root, at, conf, news } from './people.js';

export const opened = (
  policy: Partial<AdmissionPolicy> = {},
  over: Some<EventOf<'SessionOpened'>> = {},
): EventOf<'SessionOpened'> => ({
  type: 'SessionOpened',
  address: conf,
  incarnation: 1,
  control: 'rooted',
  data: 'nonrooted',
  root,
  policy: { ...winsockPolicy, ...policy },
  ...over,
});

export const groupOpened = (policy: Partial<AdmissionPolicy> = {}): EventOf<'SessionOpened'> =>
  opened(policy, { address: news, control: 'nonrooted', root: null });

export const listening = (backlog = 5): EventOf<'ListenStarted'> => ({
  type: 'ListenStarted',
  backlog,
});

export const policyChanged = (policy: Partial<AdmissionPolicy>): EventOf<'PolicyChanged'> => ({
  type: 'PolicyChanged',
  policy: { ...winsockPolicy, ...policy },
});

export const asked = (
  who: Person,
  join: JoinId,
  over: Some<EventOf<'JoinRequested'>> = {},
): EventOf<'JoinRequested'> => ({
  type: 'JoinRequested',
  join,
  kind: 'request',
  caller: who.socket,
  leafAddress: who.at,
  link: null,
  flags: 'both',
  callerData: null,
  deadlineAt: at + winsockPolicy.joinDeadlineMs,
  ...over,
});

export const invited = (
  who: Person,
  join: JoinId,
  over: Some<EventOf<'JoinRequested'>> = {},
): EventOf<'JoinRequested'> =>
  asked(who, join, { kind: 'invitation', caller: root, link: who.link, ...over });

export const joinedGroup = (who: Person, join: JoinId): EventOf<'JoinRequested'> =>
  asked(who, join, { kind: 'group', deadlineAt: null });

export const deferred = (join: JoinId): EventOf<'JoinDeferred'> => ({ type: 'JoinDeferred', join });

export const admitted = (
  who: Person,
  join: JoinId,
  over: Some<EventOf<'LeafAdmitted'>> = {},
): EventOf<'LeafAdmitted'> => ({
  type: 'LeafAdmitted',
  join,
  leaf: who.socket,
  link: who.link,
  calleeData: null,
  ...over,
});

/** Asked and admitted. */
export const member = (
  who: Person,
  join: JoinId,
  over: Some<EventOf<'JoinRequested'>> = {},
): readonly SessionEvent[] => [asked(who, join, over), admitted(who, join)];

export const groupMember = (who: Person, join: JoinId): readonly SessionEvent[] => [
  joinedGroup(who, join),
  admitted(who, join, { link: null }),
];

export const failed = (
  join: JoinId,
  reason: JoinFailure,
  code: WsaCode = 'WSAECONNREFUSED',
): EventOf<'JoinFailed'> => ({ type: 'JoinFailed', join, code, reason });

export const timedOut = (join: JoinId): EventOf<'JoinFailed'> =>
  failed(join, 'timed-out', 'WSAETIMEDOUT');

export const cancelled = (
  join: JoinId,
  reason: EventOf<'JoinCancelled'>['reason'] = 'closed',
): EventOf<'JoinCancelled'> => ({ type: 'JoinCancelled', join, reason });

export const left = (who: Person, departure: Departure): EventOf<'MemberLeft'> => ({
  type: 'MemberLeft',
  leaf: who.socket,
  departure,
});

export const rootLost = (
  heir: Person | null = null,
  over: Some<EventOf<'RootLost'>> = {},
): EventOf<'RootLost'> => ({
  type: 'RootLost',
  root,
  heir: heir?.socket ?? null,
  until: at + winsockPolicy.lingerMs,
  ...over,
});

export const heirElected = (who: Person): EventOf<'HeirElected'> => ({
  type: 'HeirElected',
  heir: who.socket,
});

export const rootReplaced = (by: SocketId): EventOf<'RootReplaced'> => ({
  type: 'RootReplaced',
  root: by,
  incarnation: 1,
});

export const shut: EventOf<'SessionShutDown'> = { type: 'SessionShutDown' };

export const ended = (ending: EventOf<'SessionClosed'>['ending'] = 'root-closed') =>
  ({ type: 'SessionClosed', ending }) as const;
