import type { Facts, Rule, WsaCode } from '@joinleaf/multipoint';

// Winsock's structures as plain objects. What a call gives back it writes into the object that it was given.

/** A descriptor, or INVALID_SOCKET. */
export type SOCKET = number;

/** What a pointer to a number is: a place to read it from, or to write it to. */
export interface Cell<T> {
  value: T;
}

/** Where a call puts its error; a success leaves 0 in `number`. */
export interface Errno {
  name: WsaCode | null;
  number: number;
  rule: Rule | null;
  message: string;
  facts: Facts | null;
}

export const newErrno = (): Errno => ({
  name: null,
  number: 0,
  rule: null,
  message: '',
  facts: null,
});

export interface SOCKADDR {
  sa_family: number;
  /** The address as text: `ada:7`, `conf-7`, `@news`. */
  sa_data: string;
}

export interface WSABUF {
  len: number;
  buf: Uint8Array | null;
}

/** A WSABUF with an address in it. */
export interface ADDRBUF {
  readonly len: number;
  readonly buf: SOCKADDR;
}

export interface FLOWSPEC {
  TokenRate: number;
  TokenBucketSize: number;
  PeakBandwidth: number;
  Latency: number;
  DelayVariation: number;
  ServiceType: number;
  MaxSduSize: number;
  MinimumPolicedSize: number;
}

export interface QOS {
  SendingFlowspec: FLOWSPEC;
  ReceivingFlowspec: FLOWSPEC;
  ProviderSpecific: WSABUF;
}

/** Two FLOWSPECs of eight numbers, and the length and the pointer of the provider's bytes. */
export const SIZEOF_QOS = 72;

export interface WSANETWORKEVENTS {
  lNetworkEvents: number;
  /** FD_MAX_EVENTS slots. */
  iErrorCode: { readonly length: number; [slot: number]: number };
}

export interface WSAPROTOCOL_INFO {
  dwServiceFlags1: number;
  dwServiceFlags2: number;
  dwServiceFlags3: number;
  dwServiceFlags4: number;
  dwProviderFlags: number;
  ProviderId: string;
  dwCatalogEntryId: number;
  ProtocolChain: { ChainLen: number; ChainEntries: number[] };
  iVersion: number;
  iAddressFamily: number;
  iMaxSockAddr: number;
  iMinSockAddr: number;
  iSocketType: number;
  iProtocol: number;
  iProtocolMaxOffset: number;
  iNetworkByteOrder: number;
  iSecurityScheme: number;
  dwMessageSize: number;
  dwProviderReserved: number;
  szProtocol: string;
}

export const SIZEOF_WSAPROTOCOL_INFO = 628;

export interface FD_SET {
  fd_count: number;
  fd_array: SOCKET[];
}

export interface TIMEVAL {
  tv_sec: number;
  tv_usec: number;
}

export interface LINGER {
  l_onoff: number;
  l_linger: number;
}
