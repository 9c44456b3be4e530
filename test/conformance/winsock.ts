// Numbers of Winsock2.h and its companions, written down a second time on purpose: what the door exports is
// compared with them.

export const WSA = {
  WSAEINTR: 10_004,
  WSAEACCES: 10_013,
  WSAEFAULT: 10_014,
  WSAEINVAL: 10_022,
  WSAEMFILE: 10_024,
  WSAEWOULDBLOCK: 10_035,
  WSAEINPROGRESS: 10_036,
  WSAEALREADY: 10_037,
  WSAENOTSOCK: 10_038,
  WSAEMSGSIZE: 10_040,
  WSAENOPROTOOPT: 10_042,
  WSAEPROTONOSUPPORT: 10_043,
  WSAEOPNOTSUPP: 10_045,
  WSAEAFNOSUPPORT: 10_047,
  WSAEADDRINUSE: 10_048,
  WSAEADDRNOTAVAIL: 10_049,
  WSAENETDOWN: 10_050,
  WSAENETUNREACH: 10_051,
  WSAENETRESET: 10_052,
  WSAECONNABORTED: 10_053,
  WSAECONNRESET: 10_054,
  WSAENOBUFS: 10_055,
  WSAEISCONN: 10_056,
  WSAENOTCONN: 10_057,
  WSAESHUTDOWN: 10_058,
  WSAETIMEDOUT: 10_060,
  WSAECONNREFUSED: 10_061,
  WSANOTINITIALISED: 10_093,
  WSAEDISCON: 10_101,
  WSATRY_AGAIN: 11_002,
} as const;
export type WsaName = keyof typeof WSA;

export const INVALID_SOCKET = 0xffff_ffff;
export const SOCKET_ERROR = -1;
export const FROM_PROTOCOL_INFO = -1;
export const SOMAXCONN = 0x7fff_ffff;

/** Network events, in the order of their bits. */
export const FD = {
  FD_READ: 0x01,
  FD_WRITE: 0x02,
  FD_OOB: 0x04,
  FD_ACCEPT: 0x08,
  FD_CONNECT: 0x10,
  FD_CLOSE: 0x20,
  FD_QOS: 0x40,
} as const;
export type EventName = keyof typeof FD;
export const FD_MAX_EVENTS = 10;
export const FD_ALL_EVENTS = 0x3ff;

export const JL_SENDER_ONLY = 0x01;
export const JL_RECEIVER_ONLY = 0x02;
export const JL_BOTH = 0x04;

export const C_ROOT = 0x02;
export const C_LEAF = 0x04;
export const D_ROOT = 0x08;
export const D_LEAF = 0x10;

/** Bits of dwServiceFlags1. */
export const XP1 = {
  CONNECTIONLESS: 0x1,
  GUARANTEED_DELIVERY: 0x2,
  GUARANTEED_ORDER: 0x4,
  MESSAGE_ORIENTED: 0x8,
  GRACEFUL_CLOSE: 0x20,
  CONNECT_DATA: 0x80,
  SUPPORT_MULTIPOINT: 0x400,
  MULTIPOINT_CONTROL_PLANE: 0x800,
  MULTIPOINT_DATA_PLANE: 0x1000,
  QOS_SUPPORTED: 0x2000,
  UNI_SEND: 0x8000,
  UNI_RECV: 0x1_0000,
} as const;

export const CF_ACCEPT = 0;
export const CF_REJECT = 1;
export const CF_DEFER = 2;

export const SD_RECEIVE = 0;
export const SD_SEND = 1;
export const SD_BOTH = 2;

export const SIO_GET_QOS = 0xc800_0007;
export const SIO_SET_QOS = 0x8800_000b;
export const SIO_MULTIPOINT_LOOPBACK = 0x8800_0009;
export const SIO_MULTICAST_SCOPE = 0x8800_000a;
export const FIONBIO = 0x8004_667e;
export const FIONREAD = 0x4004_667f;

export const SOL_SOCKET = 0xffff;
export const SO_REUSEADDR = 0x0004;
export const SO_ACCEPTCONN = 0x0002;
export const SO_LINGER = 0x0080;
export const SO_DONTLINGER = -129;
export const SO_SNDBUF = 0x1001;
export const SO_RCVBUF = 0x1002;
export const SO_MAX_MSG_SIZE = 0x2003;
export const SO_CONDITIONAL_ACCEPT = 0x3002;

export const MSG_PEEK = 0x2;

export const QOS_NOT_SPECIFIED = 0xffff_ffff;
export const SERVICETYPE_NOTRAFFIC = 0;
export const SERVICETYPE_BESTEFFORT = 1;
export const SERVICETYPE_CONTROLLEDLOAD = 2;
export const SERVICETYPE_GUARANTEED = 3;
