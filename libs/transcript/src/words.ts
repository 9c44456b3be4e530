import type {
  AdmissionPolicy,
  Base64,
  Departure,
  DirectionBudget,
  Ending,
  EventOf,
  Flow,
  FlowBudget,
  FlowSpec,
  Notification,
  Qos,
  Session,
  SessionEvent,
  SocketId,
} from '@joinleaf/multipoint';
import { notSpecified, serviceTypes, WSA } from '@joinleaf/multipoint';
import { shortList, span, timeOfDay, type Cast } from '@joinleaf/replay';

/** How bytes that programs attached to a join are told. */
export interface DataTelling {
  /** Show what they say. */
  readonly reveal: boolean;
  /** The bytes are not the real ones: a redacted capture keeps only their length. */
  readonly redacted: boolean;
}

/** Lengths only. */
export const hidden: DataTelling = { reveal: false, redacted: false };

/** `caller 24 B ■■■`, or what the bytes say. Empty when there are none. */
export function dataWords(side: string, data: Base64 | null, telling: DataTelling): string {
  if (data === null) return '';
  const length = `${side} ${String(byteLength(data))} B`;
  if (!telling.reveal) return `${length} ■■■`;
  return telling.redacted ? `${length} redacted` : `${length} ${revealed(data)}`;
}

const byteLength = (data: Base64): number =>
  Math.floor((data.length * 3) / 4) - (data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0);

function revealed(data: Base64): string {
  try {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    return textOf(bytes) ?? `0x${[...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
  } catch {
    return '(not base64)';
  }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return JSON.stringify(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}

const spoken = (...parts: readonly string[]): string =>
  parts.filter((part) => part !== '').join(', ');

/** What an event says beyond its type; `before` is the session it fell on. */
export function eventWords(
  event: SessionEvent,
  before: Session,
  cast: Cast,
  telling: DataTelling,
): string {
  switch (event.type) {
    case 'SessionOpened':
      return spoken(
        event.root === null ? 'a group' : `by ${event.root}`,
        policyWords(event.policy),
        event.incarnation > 1 ? `the ${ordinal(event.incarnation)} session here` : '',
      );
    case 'ListenStarted':
      return `backlog ${String(event.backlog)}`;
    case 'PolicyChanged':
      return changeWords(before, event.policy);
    case 'JoinRequested':
      return requestWords(event, telling);
    case 'CommandSettled':
      return `${event.code ?? 'nothing to change'}, on record: an earlier try of it can count no more`;
    case 'JoinDeferred':
      return `${joinName(event, cast)}, undecided`;
    case 'LeafAdmitted':
      return spoken(
        joinName(event, cast),
        event.link === null ? '' : `link ${event.link}`,
        dataWords('callee', event.calleeData, telling),
      );
    case 'JoinFailed':
      return `${joinName(event, cast)}: ${event.code} (${event.reason})`;
    case 'JoinCancelled':
      return `${joinName(event, cast)} (${event.reason})`;
    case 'MemberLeft':
      return `${memberName(before, event.leaf, cast)}: ${departures[event.departure]}`;
    case 'RootLost':
      return spoken(
        `${event.root}, another may come until ${timeOfDay(event.until)}`,
        event.heir === null ? '' : `the heir is ${memberName(before, event.heir, cast)}`,
      );
    case 'HeirElected':
      return memberName(before, event.heir, cast);
    case 'RootReplaced':
      return `by ${event.root}`;
    case 'SessionShutDown':
      return 'everybody is out';
    case 'SessionClosed':
      return endings[event.ending];
  }
}

/** `2nd`, `3rd`, `11th`. */
export function ordinal(n: number): string {
  const [tens, ones] = [n % 100, n % 10];
  if (tens >= 11 && tens <= 13) return `${String(n)}th`;
  return `${String(n)}${ones === 1 ? 'st' : ones === 2 ? 'nd' : ones === 3 ? 'rd' : 'th'}`;
}

const departures: Readonly<Record<Departure, string>> = {
  'leaf-closed': 'it closed its socket',
  'link-closed': 'the root closed its link',
  'leaf-reset': 'it broke the connection off',
  'link-reset': 'the root broke the connection off',
  replaced: 'a newer one took its place',
  'node-lost': 'its node was lost',
};

const endings: Readonly<Record<Ending, string>> = {
  'root-closed': 'the root closed its socket',
  'root-reset': 'the root broke off',
  'root-lost': 'the root was lost',
  'group-closed': 'an operator ended the group',
};

const joinName = ({ join }: { readonly join: `J${number}` }, cast: Cast): string => {
  const endpoint = cast.endpointOf(join);
  return endpoint === null ? join : `${join} ${endpoint}`;
};

function memberName(before: Session, leaf: SocketId, cast: Cast): string {
  const member = before.phase === 'open' ? before.members.get(leaf) : undefined;
  return member === undefined ? cast.nameOf(leaf) : `${member.join} ${member.address}`;
}

const asking = { invitation: 'invited', request: 'asks', group: 'joins' } as const;

function requestWords(event: EventOf<'JoinRequested'>, telling: DataTelling): string {
  const { join, kind, leafAddress, flags, callerData, deadlineAt } = event;
  return spoken(
    `${join} ${leafAddress} ${asking[kind]}`,
    flags === 'both' ? '' : flags,
    event.qos === undefined ? '' : flowWords(event.qos),
    dataWords('caller', callerData, telling),
    deadlineAt === null ? '' : `until ${timeOfDay(deadlineAt)}`,
  );
}

/** What a socket asks for, or is given: `sends 64000 B/s, receives any`. */
export const flowWords = ({ sending, receiving }: Qos | Flow): string =>
  `sends ${rateWords(sending)}, receives ${rateWords(receiving)}`;

function rateWords(spec: FlowSpec): string {
  if (spec.serviceType === serviceTypes.noTraffic) return 'nothing';
  return spec.tokenRate === notSpecified ? 'any' : `${String(spec.tokenRate)} B/s`;
}

/** A policy, as far as it is worth saying. */
export function policyWords(policy: AdmissionPolicy): string {
  const { admit, capacity, identity, allow, deny, joinDeadlineMs } = policy;
  return spoken(
    admit,
    capacity === null ? '' : `capacity ${String(capacity)}`,
    identity.kind === 'reject-new' ? '' : identityWords(policy),
    allow === null ? '' : `allow ${shortList(allow)}`,
    deny.length === 0 ? '' : `deny ${shortList(deny)}`,
    `joins wait ${roundSpan(joinDeadlineMs)}`,
    budgetWords(policy.budget),
    policy.rootLoss === 'close-all' ? '' : lossWords(policy),
  );
}

function lossWords({ rootLoss, lingerMs }: AdmissionPolicy): string {
  switch (rootLoss) {
    case 'close-all':
      return 'ends with its root';
    case 'linger':
      return `waits ${roundSpan(lingerMs)} for another root`;
    case 'elect-oldest':
      return `waits ${roundSpan(lingerMs)} for its oldest member to be root`;
  }
}

function budgetWords(budget: FlowBudget | null): string {
  if (budget === null) return '';
  const { sending, receiving } = budget;
  return `sending ${shareWords(sending)}, receiving ${shareWords(receiving)}`;
}

function shareWords({ bytesPerSecond, members }: DirectionBudget): string {
  const rate = bytesPerSecond === null ? '' : `${String(bytesPerSecond)} B/s`;
  const count = members === null ? '' : `${String(members)} flows`;
  return [rate, count].filter((part) => part !== '').join(' in ') || 'unbounded';
}

/** `30s` where nothing is lost by it. */
const roundSpan = (ms: number): string => span(ms).replace('.000s', 's');

const identityWords = ({ identity }: AdmissionPolicy): string =>
  identity.kind === 'allow' ? `up to ${String(identity.max)} at one endpoint` : identity.kind;

function changeWords(before: Session, after: AdmissionPolicy): string {
  if (before.phase !== 'open') return policyWords(after);
  const was = before.policy;
  const changed = (name: string, from: string, to: string): string =>
    from === to ? '' : `${name} ${from} → ${to}`;
  const number = (value: number | null): string => (value === null ? 'none' : String(value));
  const names = (list: readonly string[] | null): string =>
    list === null ? 'all' : shortList(list);
  return spoken(
    changed('admit', was.admit, after.admit),
    changed('capacity', number(was.capacity), number(after.capacity)),
    changed('identity', identityWords(was), identityWords(after)),
    changed('allow', names(was.allow), names(after.allow)),
    changed('deny', names(was.deny), names(after.deny)),
    changed('joins wait', roundSpan(was.joinDeadlineMs), roundSpan(after.joinDeadlineMs)),
    changed('when the root is lost', lossWords(was), lossWords(after)),
    changed('budget', budgetWords(was.budget) || 'none', budgetWords(after.budget) || 'none'),
  );
}

/** Who hears what, in words: `bob:1 hears FD_CONNECT J1: success`. */
export function notificationWords(told: Notification, cast: Cast, telling: DataTelling): string {
  const who = hearer(told.to, cast);
  switch (told.kind) {
    case 'FD_ACCEPT':
      return `${who} hears FD_ACCEPT ${told.join} from ${hearer(told.from, cast)}`;
    case 'FD_CONNECT': {
      const data = dataWords('callee', told.calleeData, telling);
      const outcome = told.code === null ? spoken('success', data) : numbered(told.code);
      return `${who} hears FD_CONNECT ${told.join}: ${outcome}`;
    }
    case 'FD_CLOSE':
      return `${who} hears FD_CLOSE${told.code === null ? '' : `: ${numbered(told.code)}`}`;
    case 'WITHDRAWN':
      return `${who} is told that ${told.join} is withdrawn`;
    case 'LINKED':
      return `${who} is told of its new link to ${told.leafAddress} (${told.join})`;
    case 'ROOT_LOST': {
      const heir = told.heir ? ', and that it is the heir' : '';
      return `${who} is told that the root is lost${heir}`;
    }
    case 'ROOT_REPLACED':
      return `${who} is told of the new root`;
    case 'FD_QOS':
      return `${who} hears FD_QOS: ${flowWords(told.flow)}`;
  }
}

/** `WSAETIMEDOUT (10060)`. */
export const numbered = (code: keyof typeof WSA): string => `${code} (${String(WSA[code])})`;

/** A socket or an endpoint, by the name it has in this history. */
export const hearer = (to: string, cast: Cast): string =>
  to.includes('/') ? cast.nameOf(to as SocketId) : to;
