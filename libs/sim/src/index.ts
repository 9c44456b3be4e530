export { Chance } from './chance.js';
export { SimJetStream } from './sim-jetstream.js';
export type { NetworkFaults, Packet, Tap } from './network.js';
export { SimNats } from './sim-nats.js';
export { SimProcess } from './sim-process.js';
export { SimStream, type Kept } from './sim-stream.js';
export { Simulation, type SimulationWish } from './simulation.js';
export { Timeline } from './timeline.js';
