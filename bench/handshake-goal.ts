import type { Goal } from './report.js';

/** Medians, in milliseconds. */
export interface HandshakeTimes {
  readonly handshake: number;
  readonly publish: number;
  readonly echo: number;
}

/** Two commits are published, and three messages go to and fro: that is what a handshake is held against. */
export const handshakeGoal = ({ handshake, publish, echo }: HandshakeTimes): Goal => ({
  sentence: 'one handshake at a time, p50, to 2 publishes + 3 echoes',
  value: handshake / (2 * publish + 3 * echo),
  bound: { atMost: 1.5 },
});
