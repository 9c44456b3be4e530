import { err, ok, type Refusal, type Result } from '@joinleaf/multipoint';
import { catalog, infoOf, type CatalogEntry } from '../catalog.js';
import { elementsOf, isDword, lengthOf, valueIn, write } from '../memory.js';
import { fault, type Outcome } from '../refusals.js';
import { SIZEOF_WSAPROTOCOL_INFO } from '../structures.js';
import type { Thread } from '../thread.js';

export interface EnumProtocolsArguments {
  readonly lpiProtocols: unknown;
  readonly lpProtocolBuffer: unknown;
  readonly lpdwBufferLength: unknown;
}

/**
 * WSPEnumProtocols: writes the entries into the array, and answers how many they are. Both styles of data plane
 * are entries of their own (R6).
 *
 * @returns WSAEFAULT for what cannot be read or written (E9), WSAENOBUFS for too short a buffer: the cell says
 *   how many bytes are needed (E12).
 */
export function enumProtocols(thread: Thread, args: EnumProtocolsArguments): Outcome {
  const refusal = thread.refuses();
  if (refusal !== null) return err(refusal);
  const { lpiProtocols, lpProtocolBuffer, lpdwBufferLength } = args;
  const wanted = wantedEntries(lpiProtocols);
  const room = valueIn(lpdwBufferLength);
  if (!wanted.ok) return wanted;
  if (!isDword(room)) return err(fault);
  const bytes = wanted.value.length * SIZEOF_WSAPROTOCOL_INFO;
  if (room < bytes) {
    const isTold = write(lpdwBufferLength, { value: bytes });
    return err(isTold ? { code: 'WSAENOBUFS', rule: 'E12', facts: { bytes } } : fault);
  }
  const infos = wanted.value.map((entry, index) => [String(index), infoOf(entry)] as const);
  return write(lpProtocolBuffer, Object.fromEntries(infos)) ? ok(infos.length) : err(fault);
}

// A list of iProtocol numbers ends with 0, or where it ends; null asks for all.
function wantedEntries(lpiProtocols: unknown): Result<readonly CatalogEntry[], Refusal> {
  if (lpiProtocols === null || lpiProtocols === undefined) return ok(catalog);
  const length = Math.min(lengthOf(lpiProtocols) ?? -1, catalog.length + 1);
  const listed = length < 0 ? null : elementsOf(lpiProtocols, length);
  if (listed === null) return err(fault);
  const end = listed.indexOf(0);
  const numbers = end < 0 ? listed : listed.slice(0, end);
  return ok(catalog.filter(({ number }) => numbers.includes(number)));
}
