import {
  enumNetworkEvents,
  err,
  eventSelect,
  ok,
  WSA,
  type Descriptor,
  type RecordedEvent,
} from '@joinleaf/multipoint';
import { bitOf, eventsOf, slotOf } from '../event-masks.js';
import { fieldsOf, isWhole, write } from '../memory.js';
import { FD_MAX_EVENTS } from '../numbers/network-events.js';
import { fault, invalid, type Outcome } from '../refusals.js';
import type { AsyncSelectCallback as Callback } from '../messages.js';
import type { Thread } from '../thread.js';
import { eventNumber } from '../wsa-event.js';

/** WSPEventSelect: see `eventSelect`. WSAEINVAL for what is no event object or no mask (H17). */
export function selectEvents(
  thread: Thread,
  s: unknown,
  {
    hEventObject,
    lNetworkEvents,
  }: { readonly hEventObject: unknown; readonly lNetworkEvents: unknown },
): Outcome {
  const refusal = thread.refusesOn(s);
  if (refusal !== null) return err(refusal);
  const mask = eventsOf(lNetworkEvents);
  if (mask === null) return err(invalid('H17'));
  const object = eventNumber(hEventObject);
  if (object === null && mask.length > 0) return err(invalid('H17'));
  const socket = s as Descriptor;
  const { provider } = thread;
  const registration = object === null ? null : { object, mask };
  const selected = provider.take(eventSelect(provider.state, { socket, registration }));
  return selected.ok ? ok(0) : selected;
}

/** WSPEnumNetworkEvents: see `enumNetworkEvents`. Nothing is cleared that could not be written down (R120). */
export function enumerateEvents(
  thread: Thread,
  s: unknown,
  {
    hEventObject,
    lpNetworkEvents,
  }: { readonly hEventObject: unknown; readonly lpNetworkEvents: unknown },
): Outcome {
  const refusal = thread.refusesOn(s);
  if (refusal !== null) return err(refusal);
  const reset = eventNumber(hEventObject);
  const isNoObject = hEventObject !== null && hEventObject !== undefined && reset === null;
  if (isNoObject) return err(invalid('H17'));
  const { provider } = thread;
  const recorded = enumNetworkEvents(provider.state, { socket: s as Descriptor, reset });
  if (!recorded.result.ok) return recorded.result;
  if (!writeEvents(lpNetworkEvents, recorded.result.value)) return err(fault);
  provider.take(recorded);
  return ok(0);
}

// Slots of events that are not reported stay as they are (R121).
function writeEvents(target: unknown, recorded: readonly RecordedEvent[]): boolean {
  const slots = fieldsOf(target, ['iErrorCode'])?.iErrorCode;
  const room = fieldsOf(slots, ['length'])?.length;
  if (!isWhole(room, FD_MAX_EVENTS, Number.MAX_SAFE_INTEGER)) return false;
  const errors = recorded.map(
    ({ event, code }) => [String(slotOf(event)), code === null ? 0 : WSA[code]] as const,
  );
  const mask = recorded.reduce((bits, { event }) => bits | bitOf(event), 0);
  return write(slots, Object.fromEntries(errors)) && write(target, { lNetworkEvents: mask });
}

/** WSPAsyncSelect: as WSPEventSelect, with a callback that is told in place of an event object. */
export function selectMessages(
  thread: Thread,
  s: unknown,
  { callback, lNetworkEvents }: { readonly callback: unknown; readonly lNetworkEvents: unknown },
): Outcome {
  const refusal = thread.refusesOn(s);
  if (refusal !== null) return err(refusal);
  const mask = eventsOf(lNetworkEvents);
  if (mask === null) return err(invalid('H17'));
  if (mask.length > 0 && typeof callback !== 'function') return err(invalid('H17'));
  const socket = s as Descriptor;
  const { provider, door } = thread;
  const object = mask.length === 0 ? null : door.messages.objectFor(callback as Callback);
  const registration = object === null ? null : { object, mask };
  const selected = provider.take(eventSelect(provider.state, { socket, registration }));
  return selected.ok ? ok(0) : selected;
}
