import type { RetryClass } from '@joinleaf/multipoint';

const sentences: Readonly<Record<RetryClass, string>> = {
  'same-socket': 'call again on the same socket',
  wait: 'something is under way, and its end is announced',
  later: 'the same call may succeed when the session has changed',
  'new-socket': 'discard the socket and make another one',
  never: 'the call itself is wrong: repeating it does not help',
  unknown: 'ask for the outcome by the command id before anything else',
};

/** What a caller does about an error, in words. */
export const retrySentence = (retry: RetryClass): string => sentences[retry];
