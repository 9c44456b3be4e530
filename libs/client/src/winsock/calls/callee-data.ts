import { err, ok, type Base64, type Refusal, type Result } from '@joinleaf/multipoint';
import { fieldsOf, isWhole, memoryOf, write } from '../memory.js';

/** The room that a joiner gives for what the accepting side sends along. */
export interface CalleeRoom {
  /** Bytes at most; null discards whatever comes (R93). */
  readonly bytesMax: number | null;
  /** The join has ended: the data, or none (R95, R96, R99). What does not fit is not written. */
  readonly fill: (data: Base64 | null) => void;
}

const none: CalleeRoom = { bytesMax: null, fill: () => undefined };

/** null for a buffer that is shorter than it says (R97, E9). */
export function calleeRoom(lpCalleeData: unknown): CalleeRoom | null {
  if (lpCalleeData === null || lpCalleeData === undefined) return none;
  const room = memoryOf(lpCalleeData);
  if (room === null) return null;
  const bytesMax = room.length === 0 ? null : room.length;
  const fill = (data: Base64 | null) => {
    const bytes = Buffer.from(data ?? '', 'base64');
    const isWritten = bytes.length <= room.length && copied(bytes, room);
    write(lpCalleeData, { len: isWritten ? bytes.length : 0 });
  };
  return { bytesMax, fill };
}

// The memory may have gone elsewhere since.
function copied(bytes: Uint8Array, room: Uint8Array): boolean {
  try {
    room.set(bytes);
    return true;
  } catch {
    return false;
  }
}

/** What a condition function writes callee data into. */
export class CalleeBuffer {
  buf: Uint8Array | null;
  #len: number;
  #isSet = false;

  constructor(private readonly capacity: number) {
    this.buf = capacity === 0 ? null : new Uint8Array(capacity);
    this.#len = capacity;
  }

  /** The capacity at first; whoever writes data says here how much. */
  get len(): number {
    return this.#len;
  }
  set len(bytes: number) {
    this.#len = bytes;
    this.#isSet = true;
  }

  /** What was written, null for nothing; WSAEFAULT beyond the capacity or beyond what is there (A13). */
  written(): Result<Base64 | null, Refusal> {
    if (!this.#isSet || this.#len === 0) return ok(null);
    const tooMuch = err({ code: 'WSAEFAULT', rule: 'A13' } as const);
    if (!isWhole(this.#len, 0, this.capacity)) return tooMuch;
    const bytes = memoryOf({ len: this.#len, buf: fieldsOf(this, ['buf'])?.buf });
    return bytes === null ? tooMuch : ok(Buffer.from(bytes).toString('base64'));
  }
}
