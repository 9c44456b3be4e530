export { ConfigError, type ConfigProblem } from './config-error.js';
export {
  listField,
  nameSetting,
  portField,
  secretField,
  wholeField,
  yesNoField,
} from './config-fields.js';
export { Command, NodeRequest } from './handlers.js';
export { Health, type HealthReport, type Probe } from './health.js';
export { loadConfig, type ConfigOrigin, type ConfigSource, type Loaded } from './load-config.js';
export { createLog, logFormat, type Log, type LogFormat, type LogOptions } from './log.js';
export { Metrics } from './metrics.js';
export { NatsRequests, type NatsRequestsOptions, type RequestSubject } from './nats-requests.js';
export type { CommandRequest, NatsRequest, NodeMessage } from './request.js';
export type { PatternFigures, RequestCounters } from './request-figures.js';
export type { AssembledProgram, Program, ProgramContext } from './program.js';
export { runProgram } from './run-program.js';
export { runService } from './run-service.js';
export {
  ServiceResponder,
  type ServiceDescription,
  type ServiceEndpoint,
} from './service-responder.js';
export { serviceConfig, type ServiceSettings } from './service-config.js';
export type { Assembled, Service, ServiceContext } from './service.js';
export { settingsOf, settingsTable, settingsText, type Setting } from './settings.js';
export type { Host } from './stop-signals.js';
export { Valid } from './valid.pipe.js';
export {
  reply,
  statusOf,
  WsaErrorFilter,
  WsaException,
  type HttpRefusal,
} from './wsa-error.filter.js';
