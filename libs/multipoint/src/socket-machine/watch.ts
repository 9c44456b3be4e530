import type { WsaCode } from '../wsa.js';

// What a program may be told of one socket, and what it has been told. Two things are kept apart: what
// is the case (an outcome, an end, a waiting request), and what the registration nominates. An event is
// recorded where both meet, so a condition that is older than its registration is recorded with it (R119).

export type NetworkEvent = 'FD_ACCEPT' | 'FD_CONNECT' | 'FD_CLOSE';

/** The caller's event object, by a number of its own. */
export type EventObject = number;

export interface Registration {
  readonly object: EventObject;
  readonly mask: readonly NetworkEvent[];
}

interface Occurrence {
  readonly code: WsaCode | null;
}

export interface Watch {
  readonly registration: Registration | null;
  /** FD_ACCEPT, once recorded, waits to be read and then for accept, its re-enabling call (R122). */
  readonly accept: 'enabled' | 'recorded' | 'spent';
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
  nominates(watch, 'FD_CONNECT') ? watch : { ...watch, connect: null };

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

/** Replaces the registration and with it the record (R118); what is the case is recorded anew (R119). */
export function registered(
  watch: Watch,
  registration: Registration | null,
  waits: boolean,
): Watched {
  const fresh: Watch = { ...watch, registration, accept: 'enabled' };
  const { watch: after } = waits ? requestWaits(fresh) : { watch: fresh };
  const speaks = recordedEvents(after).length > 0;
  return { watch: after, signal: speaks && registration !== null ? registration.object : null };
}

/** What is recorded now, in the order of the event bits. */
export function recordedEvents(watch: Watch): readonly RecordedEvent[] {
  const { accept, connect, close } = watch;
  const recorded: RecordedEvent[] = [];
  if (accept === 'recorded') recorded.push({ event: 'FD_ACCEPT', code: null });
  if (connect !== null && nominates(watch, 'FD_CONNECT')) {
    recorded.push({ event: 'FD_CONNECT', code: connect.code });
  }
  if (close !== null && close !== 'reported' && nominates(watch, 'FD_CLOSE')) {
    recorded.push({ event: 'FD_CLOSE', code: close.code });
  }
  return recorded;
}

/** The record was read: each event waits for its re-enabling call, or is over (R120, R122). */
export function read(watch: Watch): Watch {
  return {
    registration: watch.registration,
    accept: watch.accept === 'recorded' ? 'spent' : watch.accept,
    connect: nominates(watch, 'FD_CONNECT') ? null : watch.connect,
    close: watch.close !== null && nominates(watch, 'FD_CLOSE') ? 'reported' : watch.close,
  };
}
