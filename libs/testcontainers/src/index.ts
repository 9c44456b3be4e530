export type { Agent } from './agent.js';
export type { Coordinator, Said } from './coordinator.js';
export { CoordinatorFailed } from './failed.js';
export { imagesOf, type Images } from './images.js';
export type { ConnectOptions, Login } from './logins.js';
export type { AgentOptions, CoordinatorOptions, EndpointOptions } from './options.js';
export type { Part } from './part.js';
export { startCoordinator } from './start.js';
