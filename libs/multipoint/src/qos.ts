import type { Base64 } from './base64.js';
import type { JoinFlags } from './join-flags.js';
import type { Refusal } from './wsa.js';

/**
 * What one direction of a connection asks for, or is given: a FLOWSPEC. Eight unsigned 32-bit numbers;
 * `notSpecified` stands for "no matter".
 */
export interface FlowSpec {
  /** Bytes per second. */
  readonly tokenRate: number;
  /** Bytes. */
  readonly tokenBucketSize: number;
  /** Bytes per second. */
  readonly peakBandwidth: number;
  /** Microseconds. */
  readonly latency: number;
  /** Microseconds. */
  readonly delayVariation: number;
  readonly serviceType: number;
  /** Bytes. */
  readonly maxSduSize: number;
  /** Bytes. */
  readonly minimumPolicedSize: number;
}

/** Both directions, as the socket that calls JoinLeaf sees them (R100). */
export interface Qos {
  readonly sending: FlowSpec;
  readonly receiving: FlowSpec;
  readonly providerSpecific: Base64 | null;
}

/** What the network gives a socket now, in both directions as that socket sees them (R106). */
export interface Flow {
  readonly sending: FlowSpec;
  readonly receiving: FlowSpec;
}

/** What may be reserved in one direction; null for no bound. */
export interface DirectionBudget {
  readonly bytesPerSecond: number | null;
  /** Reserved flows at once. */
  readonly members: number | null;
}

/** What a session has to give, as its members see it: `sending` is what they send together. */
export interface FlowBudget {
  readonly sending: DirectionBudget;
  readonly receiving: DirectionBudget;
}

/** QOS_NOT_SPECIFIED. */
export const notSpecified = 0xffff_ffff;

export type Direction = 'sending' | 'receiving';

/** The direction that a join of this kind has no use for (A24). */
export function unusedUnder(flags: JoinFlags): readonly Direction[] {
  switch (flags) {
    case 'sender-only':
      return ['receiving'];
    case 'receiver-only':
      return ['sending'];
    case 'both':
      return [];
  }
}

/** SERVICETYPE_*, without the two SERVICE_NO_* bits that may be added to them. */
export const serviceTypes = {
  noTraffic: 0,
  bestEffort: 1,
  controlledLoad: 2,
  guaranteed: 3,
  networkUnavailable: 4,
  generalInformation: 5,
  noChange: 6,
  nonconforming: 9,
  networkControl: 10,
  qualitative: 13,
} as const;

const knownTypes: readonly number[] = Object.values(serviceTypes);
const withoutRate: readonly number[] = [
  serviceTypes.bestEffort,
  serviceTypes.qualitative,
  serviceTypes.networkControl,
];
const serviceBits = 0xc100_0000;

const serviceOf = ({ serviceType }: FlowSpec): number => (serviceType & ~serviceBits) >>> 0;

/** What is the matter with what a socket asks for (R108); directions that it has no use for are not looked at (R104). */
export function checkQos(qos: Qos, unused: readonly Direction[]): Refusal | null {
  for (const direction of ['sending', 'receiving'] as const) {
    if (unused.includes(direction)) continue;
    const field = fieldAmiss(qos[direction], direction);
    if (field !== null) {
      return { code: 'WSAEOPNOTSUPP', rule: 'R108', facts: { direction, field } };
    }
  }
  return null;
}

function fieldAmiss(spec: FlowSpec, direction: Direction): keyof FlowSpec | null {
  const { tokenRate, peakBandwidth, serviceType } = spec;
  const service = serviceOf(spec);
  if (service === serviceTypes.noTraffic) return null;
  const isTypeGiven = serviceType !== notSpecified;
  if (!isTypeGiven && direction === 'sending') return 'serviceType';
  if (isTypeGiven && !knownTypes.includes(service)) return 'serviceType';
  if (tokenRate === 0) return 'tokenRate';
  if (tokenRate === notSpecified) {
    return direction === 'sending' && !withoutRate.includes(service) ? 'tokenRate' : null;
  }
  return peakBandwidth < tokenRate ? 'peakBandwidth' : null;
}

/** The bytes per second that a flow spec reserves. */
export function reservedRate(spec: FlowSpec): number {
  const isBound = serviceOf(spec) !== serviceTypes.noTraffic && spec.tokenRate !== notSpecified;
  return isBound ? spec.tokenRate : 0;
}

/** The same flow, as the other end sees it. */
export const mirrored = ({ sending, receiving }: Flow): Flow => ({
  sending: receiving,
  receiving: sending,
});
