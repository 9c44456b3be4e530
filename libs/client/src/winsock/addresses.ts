import { err, ok, parseAddress, type Refusal, type Result } from '@joinleaf/multipoint';
import { fieldsOf, isWhole, valueIn, write } from './memory.js';
import { AF_GROUP, AF_NODE, AF_SESSION } from './numbers/sockets.js';
import { fault } from './refusals.js';
import type { SOCKADDR } from './structures.js';

const familyBytes = 2;
/** A SOCKADDR_STORAGE: no address is longer. */
export const addressBytesMax = 128;
/** A family and one letter. */
export const addressBytesMin = 3;

const families: readonly number[] = [AF_NODE, AF_SESSION, AF_GROUP];

/** The SOCKADDR of `ada:7`, `conf-7` or `@news`. */
export const sockaddr = (text: string): SOCKADDR => ({ sa_family: familyOf(text), sa_data: text });

/** The length to pass with a SOCKADDR: its family and its text. */
export const sockaddrLength = ({ sa_data }: SOCKADDR): number =>
  familyBytes + Buffer.byteLength(sa_data);

function familyOf(text: string): number {
  if (text.startsWith('@')) return AF_GROUP;
  return text.includes(':') ? AF_NODE : AF_SESSION;
}

/** What a program named. */
export interface Named {
  readonly text: string;
  /** Whether the family is one of joinleaf's. */
  readonly isOurs: boolean;
  /** Whether the address is none in particular: `*`, `*:7`. */
  readonly isWildcard: boolean;
}

/** Reads a SOCKADDR of this length: WSAEFAULT for less or more than there can be, and for text of another family. */
export function readAddress(name: unknown, namelen: unknown): Result<Named, Refusal> {
  const fields = fieldsOf(name, ['sa_family', 'sa_data']);
  if (fields === null) return err(fault);
  const { sa_family: family, sa_data: text } = fields;
  if (!isWhole(family, 0, 0xffff) || typeof text !== 'string') return err(fault);
  const bytes = familyBytes + Buffer.byteLength(text);
  if (!isWhole(namelen, bytes, addressBytesMax)) return err(fault);
  if (!families.includes(family)) return ok({ text, isOurs: false, isWildcard: false });
  const concrete = text.replace(/^(@?)\*/, '$1any');
  const isAddress = familyOf(text) === family && parseAddress(concrete).ok;
  return isAddress ? ok({ text, isOurs: true, isWildcard: concrete !== text }) : err(fault);
}

/** Where an address shall be written: an object, and a cell with the room there is. */
export interface AddressRoom {
  readonly name: unknown;
  readonly namelen: unknown;
}

/** Whether there is room for any address at all. */
export const isRoomForAddress = ({ name, namelen }: AddressRoom): boolean =>
  fieldsOf(name, ['sa_family', 'sa_data']) !== null &&
  isWhole(valueIn(namelen), addressBytesMin, Number.MAX_SAFE_INTEGER);

/** Writes an address and its length; false where there is too little room, or none can be written to. */
export function fillAddress(text: string, { name, namelen }: AddressRoom): boolean {
  const address = sockaddr(text);
  const bytes = sockaddrLength(address);
  if (!isWhole(valueIn(namelen), bytes, Number.MAX_SAFE_INTEGER)) return false;
  return write(name, { ...address }) && write(namelen, { value: bytes });
}
