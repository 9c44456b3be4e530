import type { JoinFlags, JoinKind } from './event.js';
import {
  mirrored,
  reservedRate,
  unusedUnder,
  type Direction,
  type Flow,
  type FlowBudget,
  type FlowSpec,
  type Qos,
} from './qos.js';
import type { Reservations, Reserved } from './reservations.js';
import type { Member, OpenSession } from './session.js';
import type { Facts } from './wsa.js';

// What leaves have reserved of what their session has to give. Everything is seen from the leaf: an invitation
// states its flow specs from the root's end.

/** Whether any member has a flow of its own. */
export const isReserved = ({ sending, receiving }: Reservations): boolean =>
  sending.flows + receiving.flows > 0;

const directions: readonly Direction[] = ['sending', 'receiving'];

/** What travels with a join of its flow. */
export interface Asking {
  readonly kind: JoinKind;
  readonly flags: JoinFlags;
  readonly qos?: Qos;
}

/** The flow specs of a join, as its leaf sees them. */
export const leafFlow = ({ kind, qos }: Asking & { readonly qos: Qos }): Flow =>
  kind === 'invitation' ? mirrored(qos) : { sending: qos.sending, receiving: qos.receiving };

// Bytes per second that a join reserves in a direction; 0 for none.
function rateOf(asking: Asking, direction: Direction): number {
  const { kind, flags, qos } = asking;
  if (qos === undefined) return 0;
  const callers = kind === 'invitation' ? opposite[direction] : direction;
  return unusedUnder(flags).includes(callers) ? 0 : reservedRate(qos[callers]);
}

const opposite = { sending: 'receiving', receiving: 'sending' } as const;

export const withReserved = (before: Reservations, member: Asking): Reservations =>
  member.qos === undefined ? before : summed(before, member, 1);

export const withoutReserved = (before: Reservations, member: Asking): Reservations =>
  member.qos === undefined ? before : summed(before, member, -1);

function summed(before: Reservations, asking: Asking, sign: 1 | -1): Reservations {
  const sum = (direction: Direction): Reserved => {
    const rate = rateOf(asking, direction);
    if (rate === 0) return before[direction];
    const { bytesPerSecond, flows } = before[direction];
    return { bytesPerSecond: bytesPerSecond + sign * rate, flows: flows + sign };
  };
  return { sending: sum('sending'), receiving: sum('receiving') };
}

/**
 * What a session's budget lacks for a join (R102), or null when there is enough. `held` is reserved besides what
 * members have: by the invitation on its way.
 */
export function lacking(
  budget: FlowBudget | null,
  held: Reservations,
  asking: Asking,
): Facts | null {
  if (budget === null || asking.qos === undefined) return null;
  for (const direction of directions) {
    const asked = rateOf(asking, direction);
    if (asked === 0) continue;
    const { bytesPerSecond, members } = budget[direction];
    const left =
      bytesPerSecond === null ? Infinity : bytesPerSecond - held[direction].bytesPerSecond;
    if (asked > left) return { direction, asked, left: Math.max(left, 0) };
    const flowsLeft = members === null ? Infinity : members - held[direction].flows;
    if (flowsLeft < 1) return { direction, flows: held[direction].flows, flowsMax: members };
  }
  return null;
}

/** How much too little there is: members share it in proportion. null where there is enough. */
interface Shortage {
  readonly available: number;
  readonly reserved: number;
}

function shortageOf({ policy, reserved }: OpenSession, direction: Direction): Shortage | null {
  const available = policy.budget?.[direction].bytesPerSecond ?? null;
  const { bytesPerSecond } = reserved[direction];
  if (available === null || bytesPerSecond <= available) return null;
  return { available, reserved: bytesPerSecond };
}

const sameShortage = (a: Shortage | null, b: Shortage | null): boolean =>
  a === null || b === null ? a === b : a.available === b.available && a.reserved === b.reserved;

/** What a member that asked for a flow is given now; null for one that did not ask. */
export function flowOf(session: OpenSession, member: Member): Flow | null {
  const { qos } = member;
  if (qos === undefined) return null;
  const flow = leafFlow({ ...member, qos });
  const given = (direction: Direction): FlowSpec => {
    const shortage = rateOf(member, direction) === 0 ? null : shortageOf(session, direction);
    return shortage === null ? flow[direction] : shared(flow[direction], shortage);
  };
  return { sending: given('sending'), receiving: given('receiving') };
}

const shared = (spec: FlowSpec, { available, reserved }: Shortage): FlowSpec => ({
  ...spec,
  tokenRate: Math.floor((spec.tokenRate * available) / reserved),
});

export interface FlowChange {
  readonly member: Member;
  readonly flow: Flow;
}

/** The members whose flow is another one after an event than before (R107), in the order of their admission. */
export function flowChanges(before: OpenSession, after: OpenSession): readonly FlowChange[] {
  const isSame = directions.every((direction) =>
    sameShortage(shortageOf(before, direction), shortageOf(after, direction)),
  );
  if (isSame) return [];
  const changes: FlowChange[] = [];
  for (const member of after.members.values()) {
    const was = before.members.has(member.leaf) ? flowOf(before, member) : null;
    const flow = flowOf(after, member);
    if (was !== null && flow !== null && !sameFlow(was, flow)) changes.push({ member, flow });
  }
  return changes;
}

const sameFlow = (a: Flow, b: Flow): boolean =>
  a.sending.tokenRate === b.sending.tokenRate && a.receiving.tokenRate === b.receiving.tokenRate;
