import { messageBytesMax, type Datum } from '@joinleaf/multipoint';
import { parseDataSubject, type DataAddress } from './subjects.js';

// A message of the data plane is bytes: its subject says whom it is for and who says it, sixteen bytes in front say
// the rest, in big-endian order.
//
//   0  version, 1        4  sequence, 32 bits        8  revision that the sender knew of, 64 bits
//   1  0 data, 1 end    2  two bytes of zero

const version = 1;
const headBytes = 16;
const kinds = ['data', 'end'] as const;

/** Bytes of one message at most, as received. */
export const dataBytesMax = headBytes + messageBytesMax;

/** A message as it travels, apart from its subject. */
export function encodeDatum({ kind, sequence, asOf, bytes }: Datum): Uint8Array {
  const frame = new Uint8Array(headBytes + bytes.length);
  const head = new DataView(frame.buffer);
  head.setUint8(0, version);
  head.setUint8(1, kinds.indexOf(kind));
  head.setUint32(4, sequence);
  head.setBigUint64(8, BigInt(asOf));
  frame.set(bytes, headBytes);
  return frame;
}

/** Reads a message; null for what is none of this protocol. */
export function decodeDatum(subject: string, frame: Uint8Array): Datum | null {
  const address = parseDataSubject(subject);
  return address === null ? null : datumIn(address, frame);
}

function datumIn(address: DataAddress, frame: Uint8Array): Datum | null {
  if (frame.length < headBytes || frame.length > dataBytesMax) return null;
  const head = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const kind = kinds[head.getUint8(1)];
  if (head.getUint8(0) !== version || head.getUint16(2) !== 0 || kind === undefined) return null;
  const asOf = Number(head.getBigUint64(8));
  if (!Number.isSafeInteger(asOf)) return null;
  const bytes = frame.slice(headBytes);
  if (kind === 'end' && bytes.length > 0) return null;
  return { ...address, kind, sequence: head.getUint32(4), asOf, bytes };
}
