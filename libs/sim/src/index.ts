export { Chance } from './chance.js';
export { Timeline } from './timeline.js';
