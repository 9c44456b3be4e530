import type { WsaCode } from '../wsa.js';

// What a program may be told of one socket, and what it has been told. Two things are kept apart: what
// is the case (an outcome, an end, a waiting request), and what the registration nominates. An event is
// recorded where both meet, so a condition that is older than its registration is recorded with it (R119).

export type NetworkEvent =
  'FD_READ' | 'FD_WRITE' | 'FD_ACCEPT' | 'FD_CONNECT' | 'FD_CLOSE' | 'FD_QOS';

/** The caller's event object, by a number of its own. */
export type EventObject = number;

export interface Registration {
  readonly object: EventObject;
  readonly mask: readonly NetworkEvent[];
}

interface Occurrence {
  readonly code: WsaCode | null;
}

/** Of an event with a re-enabling call: once recorded it waits to be read, and then for that call (R122). */
type Level = 'enabled' | 'recorded' | 'spent';

export interface Watch {
  readonly registration: Registration | null;
  /** FD_ACCEPT, re-enabled by accept. */
  readonly accept: Level;
  /** FD_READ, re-enabled by receiving. */
  readonly read: Level;
  /**
   * FD_WRITE: `shut` before success and while a refused send waits for room, `due` from success or the
   * return of room until it is read, and `open` afterwards (R124).
   */
  readonly write: 'shut' | 'due' | 'open';
  /** FD_QOS, re-enabled by SIO_GET_QOS (R107). */
  readonly flow: Level;
  /** The last join's outcome that nobody has read; every join brings a new one (A11). */
  readonly connect: Occurrence | null;
  /** The end of the connection; it is reported once (R129). */
  readonly close: Occurrence | 'reported' | null;
}

/** One slot of what enumerating answers: an event and its error, null for none. */
export interface RecordedEvent {
  readonly event: NetworkEvent;
  readonly code: WsaCode | null;
}

export interface Watched {
  readonly watch: Watch;
  /** The event object to set, if something was recorded. */
  readonly signal: EventObject | null;
}

export const unwatched: Watch = {
  registration: null,
  accept: 'enabled',
  read: 'enabled',
  write: 'shut',
  flow: 'enabled',
  connect: null,
  close: null,
};

/** A child's watch: a copy of the registration (R74, R75, R78) and nothing of the record (R79). */
export const inheritedWatch = ({ registration }: Watch): Watch => ({ ...unwatched, registration });

const nominates = (watch: Watch, event: NetworkEvent): boolean =>
  watch.registration?.mask.includes(event) ?? false;

const noted = (watch: Watch, event: NetworkEvent): Watched => ({
  watch,
  signal: watch.registration !== null && nominates(watch, event) ? watch.registration.object : null,
});

/** A new join begins: an older outcome that no registration nominates is nobody's news any more. */
export const joinBegins = (watch: Watch): Watch =>
  watch.connect === null || nominates(watch, 'FD_CONNECT') ? watch : { ...watch, connect: null };

/** A join ended; an outcome that was not read gives way to the newer one (A10). */
export const joinEnded = (watch: Watch, code: WsaCode | null): Watched =>
  noted({ ...watch, connect: { code } }, 'FD_CONNECT');

export const connectionEnded = (watch: Watch, code: WsaCode | null): Watched =>
  watch.close === null ? noted({ ...watch, close: { code } }, 'FD_CLOSE') : { watch, signal: null };

/** A request could be accepted now. */
export function requestWaits(watch: Watch): Watched {
  if (watch.accept !== 'enabled' || !nominates(watch, 'FD_ACCEPT')) return { watch, signal: null };
  return noted({ ...watch, accept: 'recorded' }, 'FD_ACCEPT');
}

/** Accept was called, or who held its place is gone: FD_ACCEPT may be recorded again, at once if a request waits (R123). */
export function acceptEnabled(watch: Watch, waits: boolean): Watched {
  const enabled: Watch = { ...watch, accept: 'enabled' };
  return waits ? requestWaits(enabled) : { watch: enabled, signal: null };
}

/** A message can be received. */
export function dataWaits(watch: Watch): Watched {
  if (watch.read !== 'enabled' || !nominates(watch, 'FD_READ')) return { watch, signal: null };
  return noted({ ...watch, read: 'recorded' }, 'FD_READ');
}

/** Receive was called: FD_READ may be recorded again, at once if more waits (R123). */
export function readEnabled(watch: Watch, waits: boolean): Watched {
  const enabled: Watch = { ...watch, read: 'enabled' };
  return waits ? dataWaits(enabled) : { watch: enabled, signal: null };
}

/** The socket became connected: it can send (R124). */
export const firstWritable = (watch: Watch): Watched =>
  watch.write === 'shut' ? noted({ ...watch, write: 'due' }, 'FD_WRITE') : { watch, signal: null };

/** A send was refused for want of room; the return of room is news (R124). */
export const sendBlocked = (watch: Watch): Watch => ({ ...watch, write: 'shut' });

/** Room came back after `sendBlocked`. */
export const roomCame = firstWritable;

/** What the network gives has changed: told once until SIO_GET_QOS is called (R107). */
export function flowChanged(watch: Watch): Watched {
  if (watch.flow !== 'enabled' || !nominates(watch, 'FD_QOS')) return { watch, signal: null };
  return noted({ ...watch, flow: 'recorded' }, 'FD_QOS');
}

/** SIO_GET_QOS was called. */
export const flowRead = (watch: Watch): Watch => ({ ...watch, flow: 'enabled' });

/** What of a socket's levels is the case now. */
export interface Conditions {
  readonly requestWaits: boolean;
  readonly dataWaits: boolean;
}

const unread = (level: Level): Level => (level === 'recorded' ? 'enabled' : level);

/**
 * Replaces the registration and with it the record (R118); what is the case and was never read is
 * recorded anew (R119, A18).
 */
export function registered(
  watch: Watch,
  registration: Registration | null,
  now: Conditions,
): Watched {
  const levels = {
    accept: unread(watch.accept),
    read: unread(watch.read),
    flow: unread(watch.flow),
  };
  let after: Watch = { ...watch, ...levels, registration };
  if (now.requestWaits) after = requestWaits(after).watch;
  if (now.dataWaits) after = dataWaits(after).watch;
  const speaks = recordedEvents(after).length > 0;
  return { watch: after, signal: speaks && registration !== null ? registration.object : null };
}

/** What is recorded now, in the order of the event bits. */
export function recordedEvents(watch: Watch): readonly RecordedEvent[] {
  const { accept, connect, close } = watch;
  const recorded: RecordedEvent[] = [];
  if (watch.read === 'recorded') recorded.push({ event: 'FD_READ', code: null });
  if (watch.write === 'due' && nominates(watch, 'FD_WRITE')) {
    recorded.push({ event: 'FD_WRITE', code: null });
  }
  if (accept === 'recorded') recorded.push({ event: 'FD_ACCEPT', code: null });
  if (connect !== null && nominates(watch, 'FD_CONNECT')) {
    recorded.push({ event: 'FD_CONNECT', code: connect.code });
  }
  if (close !== null && close !== 'reported' && nominates(watch, 'FD_CLOSE')) {
    recorded.push({ event: 'FD_CLOSE', code: close.code });
  }
  if (watch.flow === 'recorded') recorded.push({ event: 'FD_QOS', code: null });
  return recorded;
}

const spent = (level: Level): Level => (level === 'recorded' ? 'spent' : level);

/** The record was read: each event waits for its re-enabling call, or is over (R120, R122). */
export function read(watch: Watch): Watch {
  return {
    registration: watch.registration,
    accept: spent(watch.accept),
    read: spent(watch.read),
    write: watch.write === 'due' && nominates(watch, 'FD_WRITE') ? 'open' : watch.write,
    flow: spent(watch.flow),
    connect: nominates(watch, 'FD_CONNECT') ? null : watch.connect,
    close: watch.close !== null && nominates(watch, 'FD_CLOSE') ? 'reported' : watch.close,
  };
}
