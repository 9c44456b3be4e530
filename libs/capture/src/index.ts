export {
  isRedacted,
  leftReadable,
  redactEverything,
  type CaptureContent,
  type CapturedSession,
  type NodeLife,
  type Redaction,
} from './content.js';
export { type Digest, type Footer, type Manifest } from './format.js';
export {
  captureLimits,
  CaptureReader,
  readCapture,
  type CaptureLimits,
  type CaptureProblem,
  type CaptureRead,
  type CaptureReading,
  type Parse,
} from './read.js';
export { redact, type Tag } from './redact.js';
export { writeCapture, type CaptureWriting } from './write.js';
