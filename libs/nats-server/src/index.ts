export type { NatsCredentials } from './credentials.js';
export { natsForTests, type TestHooks } from './for-tests.js';
export type { Password } from './conf-text.js';
export { nodeInbox, nodeUserName, nodeUsersConf, type NodeUser } from './node-users.js';
export { obtainNatsServer, type ObtainedNatsServer, type ObtainOptions } from './obtain.js';
export type { ClusterPlace, ServerPasswords, SyncInterval } from './server-conf.js';
export type { RunningNatsServer } from './running-server.js';
export { startNatsServer, type StartOptions } from './start.js';
export { NatsServerUnavailable, type FailedAttempt, type NatsServerSource } from './unavailable.js';
export {
  useNatsServer,
  type ExternalNatsServer,
  type NatsServerInUse,
  type UseOptions,
} from './use.js';
export { assertNatsServerVersion, NatsServerTooOld, natsServerMin } from './version.js';
