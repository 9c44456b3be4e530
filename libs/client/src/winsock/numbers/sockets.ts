// Winsock2.h: what a socket is made of. Three address families are joinleaf's own.

export const AF_UNSPEC = 0;
/** Families of other providers: no socket here can use them (E1). */
export const AF_INET = 2;
export const AF_ATM = 22;
export const AF_INET6 = 23;
/** `ada:7`: an endpoint of a node. */
export const AF_NODE = 101;
/** `conf-7`: a session that has a root. */
export const AF_SESSION = 102;
/** `@news`: a session without one. */
export const AF_GROUP = 103;

export const SOCK_DGRAM = 2;
/** Messages over a connection. */
export const SOCK_SEQPACKET = 5;

export const WSA_FLAG_OVERLAPPED = 0x01;
export const WSA_FLAG_MULTIPOINT_C_ROOT = 0x02;
export const WSA_FLAG_MULTIPOINT_C_LEAF = 0x04;
export const WSA_FLAG_MULTIPOINT_D_ROOT = 0x08;
export const WSA_FLAG_MULTIPOINT_D_LEAF = 0x10;
export const WSA_FLAG_ACCESS_SYSTEM_SECURITY = 0x40;
export const WSA_FLAG_NO_HANDLE_INHERIT = 0x80;
export const WSA_FLAG_REGISTERED_IO = 0x100;
