// Winsock2.h: dwServiceFlags1 of a WSAPROTOCOL_INFO.

export const XP1_CONNECTIONLESS = 0x1;
export const XP1_GUARANTEED_DELIVERY = 0x2;
export const XP1_GUARANTEED_ORDER = 0x4;
export const XP1_MESSAGE_ORIENTED = 0x8;
export const XP1_PSEUDO_STREAM = 0x10;
export const XP1_GRACEFUL_CLOSE = 0x20;
export const XP1_EXPEDITED_DATA = 0x40;
export const XP1_CONNECT_DATA = 0x80;
export const XP1_DISCONNECT_DATA = 0x100;
export const XP1_SUPPORT_BROADCAST = 0x200;
export const XP1_SUPPORT_MULTIPOINT = 0x400;
/** Set: the control plane is rooted. */
export const XP1_MULTIPOINT_CONTROL_PLANE = 0x800;
/** Set: the data plane is rooted. */
export const XP1_MULTIPOINT_DATA_PLANE = 0x1000;
export const XP1_QOS_SUPPORTED = 0x2000;
export const XP1_INTERRUPT = 0x4000;
export const XP1_UNI_SEND = 0x8000;
export const XP1_UNI_RECV = 0x1_0000;
export const XP1_IFS_HANDLES = 0x2_0000;
export const XP1_PARTIAL_MESSAGE = 0x4_0000;
