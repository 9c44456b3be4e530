import type { Chance } from '@joinleaf/sim';
import type { World } from './world.js';

/** What a machine has to have for a fault. */
export type Need = 'namespaces' | 'faketime';

/** What was found wrong, in words. */
export type Findings = readonly string[];

/** Ends a fault, and may answer what was found wrong in the meantime. */
export type Heal = (() => void) | (() => Promise<void>) | (() => Promise<Findings>);

interface Described {
  /** As in the fault model: `F36`. */
  readonly id: string;
  readonly name: string;
  readonly needs?: readonly Need[];
  /** Brokers; both without it. */
  readonly replicas?: readonly (1 | 3)[];
}

/** A fault that a deployment suffers while its traffic goes on. */
export interface PassingFault extends Described {
  /** Whether it may also happen while another one lasts: it stops nobody, and waits for nothing. */
  readonly mixes?: boolean;
  /** How long it lasts before it is healed, in milliseconds. */
  readonly lastsMs: readonly [min: number, max: number];
  readonly inject: (world: World, chance: Chance) => Promise<Heal> | Heal;
}

/** A fault after which a deployment is of no more use: it is the last one that happens to it. */
export interface LastFault extends Described {
  /** Does it, and answers all that was not as it should be. */
  readonly damage: (world: World, chance: Chance) => Promise<Findings>;
}

export type Fault = PassingFault | LastFault;

export const isPassing = (fault: Fault): fault is PassingFault => 'inject' in fault;
export const isLast = (fault: Fault): fault is LastFault => 'damage' in fault;

/** By their numbers in the fault model. */
export const inOrder = <F extends Fault>(faults: readonly F[]): F[] =>
  [...faults].sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
