export { Program, ProgramEnded, type Ended, type ProgramOptions } from './program.js';
export { Service, type ServiceOptions } from './service.js';
export { endingWithParent, places } from './places.js';
