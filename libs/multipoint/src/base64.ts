/** Bytes that a program attached to a join, in base64. */
export type Base64 = string;
