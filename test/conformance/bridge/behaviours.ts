import { makeCalls, type Call, type Made } from './calls.js';

// What a program does when it is called back: given as data, because no function travels between processes.

/** What a condition function answers, and does before. */
export interface ConditionWish {
  /** CF_ACCEPT, CF_REJECT, CF_DEFER, or a number that is none of them. */
  readonly decide: number;
  /** What it writes into the callee data. */
  readonly callee?: Uint8Array;
  /** Whether it says that it wrote all of `callee`, though there is no room for it. */
  readonly overfill?: boolean;
  /** Calls that it makes while it runs. */
  readonly meanwhile?: readonly Call[];
}

/** What a condition function saw in one call. */
export interface Sight {
  readonly callerId: unknown;
  readonly callerData: Uint8Array | null;
  readonly sqos: unknown;
  readonly gqos: unknown;
  readonly calleeId: unknown;
  /** Room for callee data; null when none is offered. */
  readonly calleeCapacity: number | null;
  readonly group: unknown;
  readonly callbackData: unknown;
  /** What became of its own calls; promises are none that a test could look at. */
  readonly meanwhile: readonly Made[];
}

interface Buffer {
  len: number;
  buf: Uint8Array | null;
}

interface Address {
  readonly buf: unknown;
}

/** A condition function that does as it was told, and remembers what it saw. */
export class Condition {
  readonly sights: Sight[] = [];

  constructor(private readonly wish: ConditionWish) {}

  readonly run = (...args: readonly unknown[]): number => {
    const [callerId, callerData, sqos, gqos, calleeId, calleeData, group, callbackData] = args;
    const capacity = (calleeData as Buffer | null)?.len ?? null;
    this.sights.push({
      callerId: addressIn(callerId),
      callerData: bytesIn(callerData as Buffer | null),
      sqos: sqos ?? null,
      gqos: gqos ?? null,
      calleeId: addressIn(calleeId),
      calleeCapacity: capacity,
      group,
      callbackData,
      meanwhile: makeCalls(this.wish.meanwhile ?? []).map(withoutPromise),
    });
    if (this.wish.callee !== undefined) write(calleeData as Buffer | null, this.wish.callee);
    return this.wish.decide;
  };
}

const withoutPromise = ({ value, error }: Made): Made => ({
  value: value instanceof Promise ? null : value,
  error,
});

const bytesIn = (data: Buffer | null | undefined): Uint8Array | null =>
  data?.buf === null || data?.buf === undefined ? null : data.buf.slice(0, data.len);

// An address is in a buffer, as the condition function of Winsock has it.
const addressIn = (id: unknown): unknown => (id as Address | null | undefined)?.buf ?? id ?? null;

function write(data: Buffer | null | undefined, bytes: Uint8Array): void {
  if (data === null || data === undefined) return;
  const room = data.buf?.length ?? 0;
  data.buf?.set(bytes.subarray(0, room));
  data.len = bytes.length;
}

/** What a program was told by WSPAsyncSelect. */
export class Messages {
  readonly told: { readonly socket: number; readonly event: number; readonly error: number }[] = [];

  readonly take = (socket: number, event: number, error: number): void => {
    this.told.push({ socket, event, error });
  };
}
