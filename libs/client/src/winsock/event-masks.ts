import type { NetworkEvent } from '@joinleaf/multipoint';
import {
  FD_ACCEPT_BIT,
  FD_ALL_EVENTS,
  FD_CLOSE_BIT,
  FD_CONNECT_BIT,
  FD_QOS_BIT,
  FD_READ_BIT,
  FD_WRITE_BIT,
} from './numbers/network-events.js';
import { isWhole } from './memory.js';

// Events that nothing here ever records (FD_OOB, FD_GROUP_QOS, …) can be nominated all the same.

const slots: Readonly<Record<NetworkEvent, number>> = {
  FD_READ: FD_READ_BIT,
  FD_WRITE: FD_WRITE_BIT,
  FD_ACCEPT: FD_ACCEPT_BIT,
  FD_CONNECT: FD_CONNECT_BIT,
  FD_CLOSE: FD_CLOSE_BIT,
  FD_QOS: FD_QOS_BIT,
};
const events = Object.keys(slots) as readonly NetworkEvent[];

/** The place of an event's error in a WSANETWORKEVENTS. */
export const slotOf = (event: NetworkEvent): number => slots[event];

export const bitOf = (event: NetworkEvent): number => 1 << slots[event];

/** The events of a mask; null for what is no mask. */
export const eventsOf = (mask: unknown): readonly NetworkEvent[] | null =>
  isWhole(mask, 0, FD_ALL_EVENTS) ? events.filter((event) => (mask & bitOf(event)) !== 0) : null;
