export {
  checkHistories,
  checkHistory,
  stepsMaxDefault,
  type Because,
  type CheckOptions,
  type Result,
  type Verdict,
} from './check.js';
export { explain } from './explain.js';
export type { Misfit } from './fields.js';
export type { Basis, History, Input, Operation, Output, Policy } from './history.js';
export { keyOf, nothingYet, serve, step, type Model, type Said } from './model.js';
export { inputOf, outputOf, type Reply } from './from-commands.js';
export { historiesFrom } from './read-history.js';
export { Recorder, type Call, type Calling } from './recorder.js';
