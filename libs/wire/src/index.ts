export { arbiterBeatSchema, type ArbiterBeat } from './arbiters.js';
export { fitsAsItStands } from './as-it-stands.js';
export { decode, encode, type Malformed } from './codec.js';
export { commandSchema, commitSchema, eventSchema, refusalRecordSchema } from './commits.js';
export { dataBytesMax, decodeDatum, encodeDatum } from './data.js';
export {
  boundMsDefault,
  boundMsMax,
  boundMsMin,
  connectDataBytesMax,
  deadlineMsMax,
  policyNamesMax,
  requestBytesMax,
} from './limits.js';
export {
  beatReplySchema,
  nodeRecordSchema,
  nodeRequestSchemas,
  resumeReplySchema,
  startReplySchema,
  stopReplySchema,
  type BeatReply,
  type NodeRecord,
  type NodeRequest,
  type ResumeReply,
  type StartReply,
  type StopReply,
} from './nodes.js';
export {
  bulletinSchema,
  notificationSchema,
  type KnownNotification,
  type Bulletin,
  type ToldNotification,
  type UnknownNotification,
} from './notifications.js';
export { parkedBytesMax, parkedSchema, type Parked } from './parked.js';
export {
  connectDataField,
  flagsField,
  flowSpecField,
  hashField,
  joinField,
  nodeAddressField,
  policyField,
  qosField,
  revisionField,
  sessionField,
  socketField,
  timeField,
} from './fields.js';
export { refusedReply, type RefusedParts } from './refused-reply.js';
export {
  answerSchema,
  replySchema,
  type AcceptedReply,
  type RefusedReply,
  type Reply,
} from './replies.js';
export { protocolVersion, requestSchemas, type RequestInput, type RequestOf } from './requests.js';
export {
  BadName,
  inboxPrefixOf,
  nodeVerbs,
  parseCommandSubject,
  parseDataSubject,
  parseNodeSubject,
  partitionCount,
  partitionOf,
  sessionIn,
  Subjects,
  verbs,
  type CommandSubject,
  type DataAddress,
  type NodeVerb,
  type Verb,
} from './subjects.js';
