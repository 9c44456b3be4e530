// Winsock2.h: what calls answer, and the numbers that they take.

export const INVALID_SOCKET = 0xffff_ffff;
export const SOCKET_ERROR = -1;
export const SOMAXCONN = 0x7fff_ffff;
export const FROM_PROTOCOL_INFO = -1;

/** WSPJoinLeaf's dwFlags: one of them, for 4 is not 1 and 2 (R111). */
export const JL_SENDER_ONLY = 0x01;
export const JL_RECEIVER_ONLY = 0x02;
export const JL_BOTH = 0x04;

/** What a condition function answers. */
export const CF_ACCEPT = 0;
export const CF_REJECT = 1;
export const CF_DEFER = 2;

/** WSPShutdown's how. */
export const SD_RECEIVE = 0;
export const SD_SEND = 1;
export const SD_BOTH = 2;

/** Flags of WSPSend and WSPRecv. */
export const MSG_OOB = 0x1;
export const MSG_PEEK = 0x2;
export const MSG_DONTROUTE = 0x4;
export const MSG_PARTIAL = 0x8000;
/** Of joinleaf's own: to or from the other end of the link alone (R161). */
export const MSG_SIDE_CHAT = 0x1_0000;
