import {
  createSocket,
  err,
  ok,
  type MultipointFlag,
  type ProtocolEntry,
  type Refusal,
  type Result,
} from '@joinleaf/multipoint';
import { catalog, entryOfId, familyOf, infoOf, typeOf } from '../catalog.js';
import { fieldsOf, isDword, isWhole } from '../memory.js';
import { FROM_PROTOCOL_INFO } from '../numbers/calls.js';
import {
  AF_GROUP,
  AF_NODE,
  AF_SESSION,
  AF_UNSPEC,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  WSA_FLAG_ACCESS_SYSTEM_SECURITY,
  WSA_FLAG_MULTIPOINT_C_LEAF,
  WSA_FLAG_MULTIPOINT_C_ROOT,
  WSA_FLAG_MULTIPOINT_D_LEAF,
  WSA_FLAG_MULTIPOINT_D_ROOT,
  WSA_FLAG_NO_HANDLE_INHERIT,
  WSA_FLAG_OVERLAPPED,
  WSA_FLAG_REGISTERED_IO,
} from '../numbers/sockets.js';
import { fault, invalid, type Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';

export interface SocketArguments {
  readonly af: unknown;
  readonly type: unknown;
  readonly protocol: unknown;
  readonly lpProtocolInfo: unknown;
  readonly dwFlags: unknown;
}

const multipoint: readonly (readonly [number, MultipointFlag])[] = [
  [WSA_FLAG_MULTIPOINT_C_ROOT, 'c_root'],
  [WSA_FLAG_MULTIPOINT_C_LEAF, 'c_leaf'],
  [WSA_FLAG_MULTIPOINT_D_ROOT, 'd_root'],
  [WSA_FLAG_MULTIPOINT_D_LEAF, 'd_leaf'],
];
/** Flags that mean nothing here, and do no harm. */
const idle =
  WSA_FLAG_OVERLAPPED |
  WSA_FLAG_ACCESS_SYSTEM_SECURITY |
  WSA_FLAG_NO_HANDLE_INHERIT |
  WSA_FLAG_REGISTERED_IO;
const roleFlags = multipoint.reduce((flags, [bit]) => flags | bit, 0);
const known = roleFlags | idle;

/** WSPSocket: see `createSocket`. The entry is that of lpProtocolInfo, or the first that fits what is asked for. */
export function makeSocket(thread: Thread, args: SocketArguments): Outcome {
  const refusal = thread.refuses();
  if (refusal !== null) return err(refusal);
  const { dwFlags } = args;
  if (!isDword(dwFlags) || (dwFlags & ~known) !== 0) return err(invalid('R2'));
  const entry = entryFor(args);
  if (!entry.ok) return entry;
  const { provider } = thread;
  return provider.take(createSocket(provider.state, entry.value, flagsIn(dwFlags)));
}

const flagsIn = (dwFlags: number): readonly MultipointFlag[] =>
  multipoint.flatMap(([bit, flag]) => ((dwFlags & bit) === 0 ? [] : [flag]));

/** The WSA_FLAG_MULTIPOINT_* of a socket's roles. */
export const flagsOf = (roles: readonly MultipointFlag[]): number =>
  multipoint.reduce((flags, [bit, flag]) => (roles.includes(flag) ? flags | bit : flags), 0);

type Found = Result<ProtocolEntry, Refusal>;

function entryFor({ af, type, protocol, lpProtocolInfo, dwFlags }: SocketArguments): Found {
  if (lpProtocolInfo === null || lpProtocolInfo === undefined) {
    return entryThatFits(
      af === FROM_PROTOCOL_INFO ? AF_UNSPEC : af,
      type === FROM_PROTOCOL_INFO ? 0 : type,
      protocol === FROM_PROTOCOL_INFO ? 0 : protocol,
    );
  }
  return entryOf(lpProtocolInfo, isDword(dwFlags) && (dwFlags & roleFlags) !== 0);
}

// Whoever says that an entry offers less, or more, than it does gets no multipoint socket of it (R6).
function entryOf(lpProtocolInfo: unknown, isMultipoint: boolean): Found {
  const info = fieldsOf(lpProtocolInfo, ['dwCatalogEntryId', 'dwServiceFlags1']);
  const entry = entryOfId(info?.dwCatalogEntryId);
  if (info === null || entry === undefined) return err(fault);
  const claimed = info.dwServiceFlags1 ?? infoOf(entry).dwServiceFlags1;
  return isMultipoint && claimed !== infoOf(entry).dwServiceFlags1
    ? err(invalid('R6'))
    : ok(entry.protocol);
}

// 0 stands for any.
function entryThatFits(af: unknown, type: unknown, protocol: unknown): Found {
  if (!isOneOf(af, [AF_UNSPEC, AF_NODE, AF_SESSION, AF_GROUP])) {
    return err({ code: 'WSAEAFNOSUPPORT', rule: 'E1' });
  }
  const isType = isOneOf(type, [0, SOCK_DGRAM, SOCK_SEQPACKET]);
  const isProtocol = isWhole(protocol, 0, catalog.length);
  const entry = catalog.find(
    (one) =>
      (af === AF_UNSPEC || af === AF_NODE || af === familyOf(one.protocol)) &&
      (type === 0 || type === typeOf(one.protocol)) &&
      (protocol === 0 || protocol === one.number),
  );
  return isType && isProtocol && entry !== undefined
    ? ok(entry.protocol)
    : err({ code: 'WSAEPROTONOSUPPORT', rule: 'H17' });
}

const isOneOf = (value: unknown, numbers: readonly number[]): value is number =>
  numbers.some((number) => number === value);
