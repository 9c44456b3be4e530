/** `1 session`, `2 sessions`. */
export const counted = (count: number, word: string): string =>
  `${String(count)} ${word}${count === 1 ? '' : 's'}`;

/** How many servers keep a stream. */
export const copiesText = (replicas: number): string =>
  replicas === 1 ? '1 copy' : `${String(replicas)} copies`;
