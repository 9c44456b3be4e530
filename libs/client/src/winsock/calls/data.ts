import {
  err,
  ok,
  receiveData,
  sendData,
  type Descriptor,
  type Received,
  type Refusal,
  type Result,
} from '@joinleaf/multipoint';
import { waitFor } from '../blocking.js';
import { elementsOf, fieldsOf, isDword, isWhole, memoryOf, valueIn, write } from '../memory.js';
import { MSG_DONTROUTE, MSG_OOB, MSG_PARTIAL, MSG_PEEK, MSG_SIDE_CHAT } from '../numbers/calls.js';
import { fault, invalid, type Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';

export interface DataArguments {
  readonly lpBuffers: unknown;
  readonly dwBufferCount: unknown;
  /** A cell for the number of bytes. */
  readonly lpNumberOfBytes: unknown;
  /** WSPSend's flags, or the cell of WSPRecv's. */
  readonly flags: unknown;
}

const buffersMax = 1_024;

/** WSPSend: one message of all the buffers; see `sendData`. A blocking socket waits for room (R124). */
export async function sendMessage(
  thread: Thread,
  s: unknown,
  args: DataArguments,
): Promise<Outcome> {
  const refusal = thread.refusesOn(s);
  const found = thread.socketOf(s);
  if (refusal !== null || found === undefined) return err(refusal ?? fault);
  const flags = flagsAmong(args.flags, MSG_SIDE_CHAT | MSG_DONTROUTE);
  if (!flags.ok) return flags;
  const memory = memoryIn(args);
  if (memory === null || !hasCell(args.lpNumberOfBytes)) return err(fault);
  const bytes = new Uint8Array(Buffer.concat(memory));
  const chat = (flags.value & MSG_SIDE_CHAT) !== 0;
  const { provider } = thread;
  const { descriptor: socket, mode } = found;
  const look = (): Outcome | null => {
    const sent = provider.take(sendData(provider.state, { socket, bytes, chat }));
    if (sent.ok) return ok(sent.value.bytes);
    return sent.error.code === 'WSAEWOULDBLOCK' && mode === 'blocking' ? null : sent;
  };
  const outcome = await waitFor(thread, { sockets: [socket], look });
  if (outcome?.ok !== true) return outcome ?? err(fault);
  if (!outcome.value.ok) return outcome.value;
  write(args.lpNumberOfBytes, { value: outcome.value.value });
  return ok(0);
}

/**
 * WSPRecv: one message into the buffers; see `receiveData`. What finds no room there is gone, and
 * WSAEMSGSIZE says so (H16). A blocking socket waits for a message, or the end.
 */
export async function receiveMessage(
  thread: Thread,
  s: unknown,
  args: DataArguments,
): Promise<Outcome> {
  const refusal = thread.refusesOn(s);
  const found = thread.socketOf(s);
  if (refusal !== null || found === undefined) return err(refusal ?? fault);
  const flags = flagsAmong(valueIn(args.flags), MSG_PEEK | MSG_SIDE_CHAT | MSG_PARTIAL);
  if (!flags.ok) return hasCell(args.flags) ? flags : err(fault);
  const memory = memoryIn(args);
  if (memory === null || !hasCell(args.lpNumberOfBytes)) return err(fault);
  const peek = (flags.value & MSG_PEEK) !== 0;
  const { descriptor: socket, mode } = found;
  const look = () => {
    const received = tryReceive(thread, { socket, peek }, { ...args, memory });
    const waits = !received.ok && received.error.code === 'WSAEWOULDBLOCK';
    return waits && mode === 'blocking' ? null : received;
  };
  const outcome = await waitFor(thread, { sockets: [socket], look });
  if (outcome?.ok !== true) return outcome ?? err(fault);
  return outcome.value;
}

interface Room extends DataArguments {
  readonly memory: readonly Uint8Array[];
}

// A message is taken when it has been written down, and not before.
function tryReceive(
  { provider }: Thread,
  request: { readonly socket: Descriptor; readonly peek: boolean },
  room: Room,
): Outcome {
  const step = receiveData(provider.state, request);
  const outcome = step.result.ok ? deliver(step.result.value, room) : step.result;
  if (outcome.ok || outcome.error.code !== 'WSAEFAULT') provider.take(step);
  return outcome;
}

function deliver({ bytes, isChat }: Received, room: Room): Outcome {
  const length = scatter(bytes, room.memory);
  const isWritten =
    length !== null &&
    write(room.lpNumberOfBytes, { value: length }) &&
    write(room.flags, { value: isChat ? MSG_SIDE_CHAT : 0 });
  if (!isWritten) return err(fault);
  return length === bytes.length
    ? ok(0)
    : err({ code: 'WSAEMSGSIZE', rule: 'H16', facts: { bytes: bytes.length, room: length } });
}

// How many bytes found room; null where memory has gone elsewhere meanwhile.
function scatter(bytes: Uint8Array, memory: readonly Uint8Array[]): number | null {
  let from = 0;
  try {
    for (const room of memory) {
      const part = bytes.subarray(from, from + room.length);
      room.set(part);
      from += part.length;
    }
    return from;
  } catch {
    return null;
  }
}

function memoryIn({ lpBuffers, dwBufferCount }: DataArguments): readonly Uint8Array[] | null {
  if (!isWhole(dwBufferCount, 1, buffersMax)) return null;
  const buffers = elementsOf(lpBuffers, dwBufferCount);
  const memory = buffers?.map(memoryOf) ?? [];
  const known = memory.filter((one) => one !== null);
  return known.length === dwBufferCount ? known : null;
}

const hasCell = (cell: unknown): boolean => fieldsOf(cell, ['value']) !== null;

function flagsAmong(flags: unknown, allowed: number): Result<number, Refusal> {
  if (!isDword(flags)) return err(invalid('H17'));
  if ((flags & ~allowed) === 0) return ok(flags);
  const isKnown = (flags & ~(allowed | MSG_OOB | MSG_PARTIAL | MSG_PEEK)) === 0;
  return err(isKnown ? { code: 'WSAEOPNOTSUPP', rule: 'H17' } : invalid('H17'));
}
