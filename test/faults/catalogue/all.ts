import type { Fault } from '../fault.js';
import { appendFaults } from './appends.js';
import { arbitrationFaults } from './arbitration.js';
import { brokerFaults } from './brokers.js';
import { damageFaults } from './damage.js';
import { deliveryFaults } from './delivery.js';
import { memberFaults } from './members.js';
import { networkFaults } from './network.js';

const numberOf = ({ id }: Fault): number => Number(id.slice(1));

/** Every fault that can be injected, by its number in the fault model. */
export const faults: readonly Fault[] = [
  ...arbitrationFaults,
  ...appendFaults,
  ...deliveryFaults,
  ...brokerFaults,
  ...damageFaults,
  ...networkFaults,
  ...memberFaults,
].sort((a, b) => numberOf(a) - numberOf(b));
