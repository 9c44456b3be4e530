import { messageBytesMax, protocols, type ProtocolEntry } from '@joinleaf/multipoint';
import { addressBytesMax, addressBytesMin } from './addresses.js';
import {
  XP1_CONNECT_DATA,
  XP1_CONNECTIONLESS,
  XP1_GRACEFUL_CLOSE,
  XP1_GUARANTEED_ORDER,
  XP1_MESSAGE_ORIENTED,
  XP1_MULTIPOINT_CONTROL_PLANE,
  XP1_MULTIPOINT_DATA_PLANE,
  XP1_QOS_SUPPORTED,
  XP1_SUPPORT_MULTIPOINT,
  XP1_UNI_RECV,
  XP1_UNI_SEND,
} from './numbers/service-flags.js';
import { AF_GROUP, AF_SESSION, SOCK_DGRAM, SOCK_SEQPACKET } from './numbers/sockets.js';
import type { WSAPROTOCOL_INFO } from './structures.js';

/** A protocol entry, and what it is called in the catalog. */
export interface CatalogEntry {
  readonly protocol: ProtocolEntry;
  readonly number: number;
}

/** All entries; their place is their number, from 1. */
export const catalog: readonly CatalogEntry[] = Object.values<ProtocolEntry>(protocols).map(
  (protocol, index) => ({ protocol, number: index + 1 }),
);

const firstCatalogId = 1_000;
const provider = '{6a6f696e-6c65-6166-8000-6d756c746970}';

/** An entry as EnumProtocols tells it. */
export const infoOf = ({ protocol, number }: CatalogEntry): WSAPROTOCOL_INFO => ({
  dwServiceFlags1: serviceFlags(protocol),
  dwServiceFlags2: 0,
  dwServiceFlags3: 0,
  dwServiceFlags4: 0,
  dwProviderFlags: 0,
  ProviderId: provider,
  dwCatalogEntryId: firstCatalogId + number,
  ProtocolChain: { ChainLen: 1, ChainEntries: [0, 0, 0, 0, 0, 0, 0] },
  iVersion: 2,
  iAddressFamily: familyOf(protocol),
  iMaxSockAddr: addressBytesMax,
  iMinSockAddr: addressBytesMin,
  iSocketType: typeOf(protocol),
  iProtocol: number,
  iProtocolMaxOffset: 0,
  iNetworkByteOrder: 0,
  iSecurityScheme: 0,
  dwMessageSize: messageBytesMax,
  dwProviderReserved: 0,
  szProtocol: protocol.name,
});

/** The entry that a WSAPROTOCOL_INFO is of, by its catalog id. */
export const entryOfId = (catalogId: unknown): CatalogEntry | undefined =>
  catalog.find(({ number }) => firstCatalogId + number === catalogId);

export const familyOf = ({ control }: ProtocolEntry): number =>
  control === 'rooted' ? AF_SESSION : AF_GROUP;

/** Members of a group have no connection to one another (R48). */
export const typeOf = ({ control }: ProtocolEntry): number =>
  control === 'rooted' ? SOCK_SEQPACKET : SOCK_DGRAM;

function serviceFlags(protocol: ProtocolEntry): number {
  const { multipoint, control, data, connectData, qos, direction } = protocol;
  const bits: readonly (readonly [boolean, number])[] = [
    [control === 'nonrooted', XP1_CONNECTIONLESS],
    [connectData, XP1_CONNECT_DATA],
    [multipoint, XP1_SUPPORT_MULTIPOINT],
    [multipoint && control === 'rooted', XP1_MULTIPOINT_CONTROL_PLANE],
    [multipoint && data === 'rooted', XP1_MULTIPOINT_DATA_PLANE],
    [qos, XP1_QOS_SUPPORTED],
    [direction === 'send', XP1_UNI_SEND],
    [direction === 'receive', XP1_UNI_RECV],
  ];
  const always = XP1_MESSAGE_ORIENTED | XP1_GUARANTEED_ORDER | XP1_GRACEFUL_CLOSE;
  return bits.reduce((flags, [isSet, bit]) => (isSet ? flags | bit : flags), always);
}
