export { Program, ProgramEnded, type Ended, type ProgramOptions } from './program.js';
export { Service, type ServiceOptions } from './service.js';
export { places } from './places.js';
