import type { DirectionBudget, FlowBudget } from './qos.js';
import type { Facts } from './wsa.js';

/** How many endpoints of one node and port a session takes, and which one stays. */
export type IdentityPolicy =
  | { readonly kind: 'reject-new' }
  | { readonly kind: 'replace-old' }
  | { readonly kind: 'allow'; readonly max: number };

/**
 * What becomes of a rooted session when the run of its root's node is lost (H18): it ends, it waits for whoever
 * opens its address next, or it waits for its oldest member to do so.
 */
export type RootLoss = 'close-all' | 'linger' | 'elect-oldest';

/** Who is let in, and how. Data in the session: set at open, changed by an event. */
export interface AdmissionPolicy {
  /** `ask`: the root's program accepts each request. `auto`: the arbiter admits at once. */
  readonly admit: 'ask' | 'auto';
  /** Members at most, from 1; null for no bound. */
  readonly capacity: number | null;
  readonly identity: IdentityPolicy;
  /** Nodes that may be members; null for everybody. */
  readonly allow: readonly string[] | null;
  /** Nodes that may not, whatever `allow` says. */
  readonly deny: readonly string[];
  /** The longest a join may wait for its outcome, in milliseconds, and the default. */
  readonly joinDeadlineMs: number;
  /** What flow specs are admitted against (R102); null honours them all. */
  readonly budget: FlowBudget | null;
  readonly rootLoss: RootLoss;
  /** How long a session without its root waits for another one, in milliseconds: 1 000 to 600 000. */
  readonly lingerMs: number;
}

/** Exactly Winsock: the program decides, nobody is counted, nobody is turned away by name. */
export const winsockPolicy: AdmissionPolicy = {
  admit: 'ask',
  capacity: null,
  identity: { kind: 'reject-new' },
  allow: null,
  deny: [],
  joinDeadlineMs: 30_000,
  budget: null,
  rootLoss: 'close-all',
  lingerMs: 30_000,
};

/** What the lists of a policy say against a node; null for nothing (H4). */
export function unlisted({ allow, deny }: AdmissionPolicy, node: string): Facts | null {
  if (deny.includes(node)) return { denied: node };
  return allow === null || allow.includes(node) ? null : { notAllowed: node };
}

export const samePolicy = (a: AdmissionPolicy, b: AdmissionPolicy): boolean =>
  a.admit === b.admit &&
  a.capacity === b.capacity &&
  sameIdentity(a.identity, b.identity) &&
  sameNames(a.allow, b.allow) &&
  sameNames(a.deny, b.deny) &&
  a.joinDeadlineMs === b.joinDeadlineMs &&
  sameBudget(a.budget, b.budget) &&
  a.rootLoss === b.rootLoss &&
  a.lingerMs === b.lingerMs;

const sameBudget = (a: FlowBudget | null, b: FlowBudget | null): boolean =>
  a === null || b === null
    ? a === b
    : sameShare(a.sending, b.sending) && sameShare(a.receiving, b.receiving);

const sameShare = (a: DirectionBudget, b: DirectionBudget): boolean =>
  a.bytesPerSecond === b.bytesPerSecond && a.members === b.members;

const sameIdentity = (a: IdentityPolicy, b: IdentityPolicy): boolean =>
  a.kind === b.kind && (a.kind !== 'allow' || b.kind !== 'allow' || a.max === b.max);

const sameNames = (a: readonly string[] | null, b: readonly string[] | null): boolean =>
  a === null || b === null ? a === b : a.length === b.length && a.every((name, i) => name === b[i]);
