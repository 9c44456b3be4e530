import { inOrder, type Fault } from '../fault.js';
import { appendFaults } from './appends.js';
import { arbitrationFaults } from './arbitration.js';
import { brokerFaults } from './brokers.js';
import { damageFaults } from './damage.js';
import { deliveryFaults } from './delivery.js';
import { memberFaults } from './members.js';
import { networkFaults } from './network.js';

/** Every fault that can be injected, by its number in the fault model. */
export const faults: readonly Fault[] = inOrder<Fault>([
  ...arbitrationFaults,
  ...appendFaults,
  ...deliveryFaults,
  ...brokerFaults,
  ...damageFaults,
  ...networkFaults,
  ...memberFaults,
]);
