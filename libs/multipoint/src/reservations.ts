import type { Direction } from './qos.js';

/** Bytes per second that members reserve in one direction, and in how many flows. */
export interface Reserved {
  readonly bytesPerSecond: number;
  readonly flows: number;
}

export type Reservations = Readonly<Record<Direction, Reserved>>;

const none: Reserved = { bytesPerSecond: 0, flows: 0 };
export const nothingReserved: Reservations = { sending: none, receiving: none };
