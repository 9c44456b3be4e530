/** Bytes of caller or callee data at most (R97). */
export const connectDataBytesMax = 4_096;
/** Bytes of one request at most, as received. */
export const requestBytesMax = 16_384;
/** The longest a join may wait, in milliseconds. */
export const deadlineMsMax = 24 * 60 * 60 * 1_000;
/** Names on an allow or deny list at most. */
export const policyNamesMax = 256;
/** Silence that a node may ask to be allowed, in milliseconds, before it is lost. */
export const boundMsMin = 1_000;
export const boundMsMax = 60_000;
export const boundMsDefault = 15_000;
/** How long a session without its root may wait for another one, in milliseconds. */
export const lingerMsMin = 1_000;
export const lingerMsMax = 10 * 60 * 1_000;
