// Winsock2.h: options and ioctls.

export const SOL_SOCKET = 0xffff;
export const SO_ACCEPTCONN = 0x0002;
export const SO_REUSEADDR = 0x0004;
export const SO_LINGER = 0x0080;
export const SO_DONTLINGER = ~SO_LINGER;
export const SO_SNDBUF = 0x1001;
export const SO_RCVBUF = 0x1002;
export const SO_ERROR = 0x1007;
export const SO_TYPE = 0x1008;
export const SO_MAX_MSG_SIZE = 0x2003;
/** A WSAPROTOCOL_INFO. */
export const SO_PROTOCOL_INFO = 0x2005;
export const SO_CONDITIONAL_ACCEPT = 0x3002;
/** Of joinleaf's own: the socket's WSA_FLAG_MULTIPOINT_* flags, 0 for none (R3, R76). */
export const SO_MULTIPOINT_ROLES = 0x7a01;

export const IOC_VOID = 0x2000_0000;
export const IOC_OUT = 0x4000_0000;
export const IOC_IN = 0x8000_0000;
export const IOC_WS2 = 0x0800_0000;

export const SIO_FLUSH = 0x2800_0004;
export const SIO_GET_QOS = 0xc800_0007;
export const SIO_GET_GROUP_QOS = 0xc800_0008;
export const SIO_MULTIPOINT_LOOPBACK = 0x8800_0009;
export const SIO_MULTICAST_SCOPE = 0x8800_000a;
export const SIO_SET_QOS = 0x8800_000b;
export const SIO_SET_GROUP_QOS = 0x8800_000c;
export const FIONREAD = 0x4004_667f;
export const FIONBIO = 0x8004_667e;
