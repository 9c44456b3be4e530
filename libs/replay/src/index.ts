export { because, phaseWords, type Scene } from './because.js';
export { canonicalJson, sameJson } from './canonical.js';
export {
  checkpointOf,
  foldedIn,
  FoldTo,
  foldVersion,
  isCheckpointDue,
  nothingCounted,
  type Checkpoint,
  type Counted,
} from './checkpoint.js';
export { Cast, isMemberAt, type Actor, type Part } from './cast.js';
export { day, span, timeOfDay } from './clock.js';
export { actorWords, commandWords, evidenceWords } from './command-words.js';
export { diffStates, differences, differenceText, type Difference } from './diff.js';
export { basisText, compareBases, parseBasis, type History } from './history.js';
export {
  basedOn,
  PartCast,
  PartTaker,
  recordNumbered,
  revisionsBetween,
  stepsOfPart,
  type HistoryPart,
  type Wanted,
} from './part.js';
export { commandIdOf, findStep, parseQuestion, type Question } from './question.js';
export {
  compare,
  isDivergence,
  recordedOutcome,
  Redeciding,
  redecide,
  type Comparison,
  type Decider,
  type Divergence,
  type Outcome,
  type SessionReplay,
  type Verdict,
} from './redecide.js';
export type { Remedy } from './remedies.js';
export { retrySentence } from './retry-words.js';
export { isEdgeRule, knownRules, ruleSentence } from './rules.js';
export { plainState, stateAt, type PlainState } from './state.js';
export { shortList, stateWords } from './state-words.js';
export { positionText, steps, type DecisionStep, type RefusalStep, type Step } from './steps.js';
export {
  explain,
  toldBy,
  why,
  type AcceptanceExplained,
  type Explanation,
  type RefusalExplained,
} from './why.js';
export { Recorder, type RecorderOptions } from './recorder.js';
