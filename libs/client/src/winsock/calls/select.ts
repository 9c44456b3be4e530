import {
  err,
  ok,
  selectReady,
  type Descriptor,
  type Ready,
  type Refusal,
  type Result,
} from '@joinleaf/multipoint';
import { waitFor } from '../blocking.js';
import { elementsOf, fieldsOf, isWhole, write } from '../memory.js';
import { fault, invalid, type Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';

export interface SelectArguments {
  readonly readfds: unknown;
  readonly writefds: unknown;
  readonly exceptfds: unknown;
  readonly timeout: unknown;
}

const descriptorsMax = 65_536;

/**
 * WSPSelect: waits until one of the sockets could be used without waiting, and leaves those in their sets. The
 * outcome of a join is in no set (R71).
 *
 * @returns How many are ready, 0 when the time is up; WSAEFAULT (E9), WSAEINVAL for no descriptors or an
 *   impossible time (H17), WSAENOTSOCK (E13), WSAEINTR (E4, R140).
 */
export async function select(thread: Thread, args: SelectArguments): Promise<Outcome> {
  const refusal = thread.refuses();
  if (refusal !== null) return err(refusal);
  const sets = [readSet(args.readfds), readSet(args.writefds), readSet(args.exceptfds)] as const;
  const [readable, writable, except] = sets;
  if (readable === null || writable === null || except === null) return err(fault);
  const withinMs = readTime(args.timeout);
  if (!withinMs.ok) return withinMs;
  const all = [...new Set([...readable, ...writable, ...except])];
  const { provider } = thread;
  // Each is one of ours, those in the last set as well.
  const known = selectReady(provider.state, { readable: all, writable: [] });
  if (!known.ok) return known;
  if (all.length === 0) return err(invalid('H17'));
  const look = () => ready(selectReady(provider.state, { readable, writable }));
  const found = await waitFor(thread, { sockets: all, look, withinMs: withinMs.value });
  if (found?.ok === false) return found;
  return found === null ? report(args, nothing) : reportOn(args, found.value);
}

const nothing: Ready = { readable: [], writable: [], failed: [] };

type Looked = Result<Ready, Refusal>;

function ready(looked: Looked): Looked | null {
  if (!looked.ok) return looked;
  const { readable, writable, failed } = looked.value;
  return readable.length + writable.length + failed.length === 0 ? null : looked;
}

const reportOn = (args: SelectArguments, looked: Looked): Outcome =>
  looked.ok ? report(args, looked.value) : looked;

function report({ readfds, writefds, exceptfds }: SelectArguments, found: Ready): Outcome {
  const { readable, writable, failed } = found;
  const isWritten =
    writeSet(readfds, readable) && writeSet(writefds, writable) && writeSet(exceptfds, failed);
  return isWritten ? ok(readable.length + writable.length + failed.length) : err(fault);
}

/** The descriptors of a set, none for a null one; null for what cannot be read. */
function readSet(set: unknown): readonly Descriptor[] | null {
  if (isNull(set)) return [];
  const fields = fieldsOf(set, ['fd_count', 'fd_array']);
  if (fields === null || !isWhole(fields.fd_count, 0, descriptorsMax)) return null;
  const elements = elementsOf(fields.fd_array, fields.fd_count);
  // What is no descriptor is no socket either.
  return elements?.map((one) => (isWhole(one, 1, Number.MAX_SAFE_INTEGER) ? one : 0)) ?? null;
}

function writeSet(set: unknown, descriptors: readonly Descriptor[]): boolean {
  if (isNull(set)) return true;
  const slots = Object.fromEntries(descriptors.map((one, index) => [String(index), one]));
  const array = fieldsOf(set, ['fd_array'])?.fd_array;
  return write(array, slots) && write(set, { fd_count: descriptors.length });
}

// null waits for as long as it takes.
function readTime(timeout: unknown): Result<number, Refusal> {
  if (isNull(timeout)) return ok(Infinity);
  const time = fieldsOf(timeout, ['tv_sec', 'tv_usec']);
  if (time === null) return err(fault);
  const { tv_sec: seconds, tv_usec: micros } = time;
  const isTime = isWhole(seconds, 0, 0x7fff_ffff) && isWhole(micros, 0, 999_999);
  return isTime ? ok(seconds * 1_000 + Math.ceil(micros / 1_000)) : err(invalid('H17'));
}

const isNull = (value: unknown): boolean => value === null || value === undefined;
