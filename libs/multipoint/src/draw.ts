// Commands and events by chance, for property tests.
export type { Chance } from './draw/values.js';
export { drawCommand } from './draw/commands.js';
export { drawEvent } from './draw/events.js';
