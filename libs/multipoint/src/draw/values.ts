// What events and commands speak of, by chance. The world is small, so that the same sockets, endpoints and
// joins meet often; chance itself is handed in.
import { nodeAddress, type NodeAddress } from '../address.js';
import type { LossEvidence } from '../command.js';
import type { Base64, JoinFlags, JoinId } from '../event.js';
import type { AdmissionPolicy, IdentityPolicy } from '../policy.js';
import {
  notSpecified,
  serviceTypes,
  type DirectionBudget,
  type FlowBudget,
  type FlowSpec,
  type Qos,
} from '../qos.js';
import { assert } from '../result.js';
import { socketId, type SocketId } from '../socket-id.js';

/** Answers a whole number from 0 to `max`, both included. */
export type Chance = (max: number) => number;

export const nodes = ['ada', 'bob', 'carol', 'dave'] as const;
export const runs = ['run1', 'run1', 'run1', 'run2'] as const;
export const root = socketId({ node: 'ada', incarnation: 'run1', serial: '1' });

export function pick<T>(chance: Chance, choices: readonly T[]): T {
  const choice = choices[chance(choices.length - 1)];
  assert(choice !== undefined, 'chance stays within the choices');
  return choice;
}

export const maybe = <T>(chance: Chance, value: () => T): T | null =>
  chance(3) === 0 ? null : value();

export const time = (chance: Chance): number => 1_000 * chance(8);
export const plane = (chance: Chance) => pick(chance, ['rooted', 'nonrooted'] as const);
export const joinId = (chance: Chance): JoinId => `J${1 + chance(7)}`;
export const data = (chance: Chance): Base64 | null => pick(chance, [null, null, 'aGVsbG8=']);

export const flags = (chance: Chance): JoinFlags =>
  pick(chance, ['both', 'sender-only', 'receiver-only'] as const);

export const anySocket = (chance: Chance, node: string = pick(chance, nodes)): SocketId =>
  socketId({ node, incarnation: pick(chance, runs), serial: String(1 + chance(9)) });

export const endpoint = (chance: Chance, node: string = pick(chance, nodes)): NodeAddress =>
  nodeAddress(node, pick(chance, [1, 1, 1, 2]));

export const joining = (chance: Chance) => ({
  flags: flags(chance),
  callerData: data(chance),
  ...qosOrNone(chance),
  now: time(chance),
  deadlineMs: maybe(chance, () => 500 * (1 + chance(9))),
});

export function policy(chance: Chance): AdmissionPolicy {
  return {
    admit: pick(chance, ['ask', 'ask', 'auto'] as const),
    capacity: pick(chance, [null, 1, 2, 3]),
    identity: identity(chance),
    allow: pick(chance, [null, null, null, ['bob', 'carol']]),
    deny: pick(chance, [[], [], [], ['carol', 'dave']]),
    joinDeadlineMs: 1_000 * (1 + chance(3)),
    budget: budget(chance),
    rootLoss: pick(chance, ['close-all', 'linger', 'elect-oldest'] as const),
    lingerMs: 1_000 * (1 + chance(3)),
  };
}

// Few sizes, so that some fit beside each other and some do not.
const rates = [0, 10, 40, 60, notSpecified] as const;

function flowSpec(chance: Chance): FlowSpec {
  const tokenRate = pick(chance, rates);
  return {
    tokenRate,
    tokenBucketSize: notSpecified,
    peakBandwidth: notSpecified,
    latency: notSpecified,
    delayVariation: notSpecified,
    serviceType: tokenRate === 0 ? serviceTypes.noTraffic : serviceTypes.bestEffort,
    maxSduSize: notSpecified,
    minimumPolicedSize: notSpecified,
  };
}

export const qosOrNone = (chance: Chance): { readonly qos?: Qos } =>
  chance(2) > 0
    ? {}
    : {
        qos: {
          sending: flowSpec(chance),
          receiving: flowSpec(chance),
          providerSpecific: data(chance),
        },
      };

const budget = (chance: Chance): FlowBudget | null =>
  chance(1) === 0 ? null : { sending: share(chance), receiving: share(chance) };

const share = (chance: Chance): DirectionBudget => ({
  bytesPerSecond: pick(chance, [null, 0, 50, 100]),
  members: pick(chance, [null, null, 1, 2]),
});

const identity = (chance: Chance): IdentityPolicy =>
  pick(chance, [
    { kind: 'reject-new' },
    { kind: 'replace-old' },
    { kind: 'allow', max: 1 },
    { kind: 'allow', max: 2 },
  ] as const);

// A change names some of the fields, and often the one alone that can contradict who is waiting.
export function changes(chance: Chance): Partial<AdmissionPolicy> {
  if (chance(1) === 0) return { identity: identity(chance) };
  const named = Object.entries(policy(chance)).filter(() => chance(1) === 0);
  return Object.fromEntries(named);
}

export function evidence(chance: Chance): LossEvidence {
  return pick(chance, [
    { kind: 'silent', silentMs: 15_200, boundMs: 15_000 },
    { kind: 'superseded', by: 'run9' },
    { kind: 'stopped' },
  ] as const);
}
