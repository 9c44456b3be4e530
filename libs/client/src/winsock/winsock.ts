import type { ConditionFunction } from './condition.js';
import type { AsyncSelectCallback } from './messages.js';
import type {
  Cell,
  Errno,
  FD_SET,
  LINGER,
  QOS,
  SOCKADDR,
  SOCKET,
  TIMEVAL,
  WSABUF,
  WSANETWORKEVENTS,
  WSAPROTOCOL_INFO,
} from './structures.js';
import type { WSAEVENT } from './wsa-event.js';

/** What an option is written to or read from. */
export type OptionValue = Cell<number | boolean> | LINGER | WSAPROTOCOL_INFO;
/** What an ioctl is given, or fills. */
export type IoctlBuffer = Cell<number | boolean> | QOS;

/**
 * A procedure table, as WSPStartup fills it: it plays one thread of a program, and shares the sockets of its node
 * with other tables and with the idiomatic API.
 *
 * Nothing throws or rejects, whatever it is given. A call that fails answers SOCKET_ERROR or INVALID_SOCKET, and
 * `lpErrno` says why; a call that cannot be made changes nothing. Calls that may wait answer a promise, of
 * the final outcome on a blocking socket. In every call these come first, in this order: WSANOTINITIALISED (E18),
 * WSAENOTSOCK (E13), WSAEINPROGRESS while a condition function of this table runs (E5).
 */
export interface Winsock {
  /** Makes a socket of the entry in lpProtocolInfo, or of the first one that fits (R1 to R6, R10). */
  readonly WSPSocket: (
    af: number,
    type: number,
    protocol: number,
    lpProtocolInfo: Pick<WSAPROTOCOL_INFO, 'dwCatalogEntryId'> | null,
    g: number,
    dwFlags: number,
    lpErrno: Errno,
  ) => SOCKET;
  /** Binds to `ada:7`, `ada:any`, `*:7`, or a c_root to a session's address (R11 to R14). */
  readonly WSPBind: (s: SOCKET, name: SOCKADDR, namelen: number, lpErrno: Errno) => Promise<number>;
  readonly WSPListen: (s: SOCKET, backlog: number, lpErrno: Errno) => Promise<number>;
  /** Always refused: WSAECONNREFUSED (R19). */
  readonly WSPConnect: (
    s: SOCKET,
    name: SOCKADDR,
    namelen: number,
    lpCallerData: WSABUF | null,
    lpCalleeData: WSABUF | null,
    lpSQOS: QOS | null,
    lpGQOS: QOS | null,
    lpErrno: Errno,
  ) => Promise<number>;
  /**
   * A c_root invites an endpoint and is answered a new c_leaf for it (R33); a c_leaf asks a session, or joins
   * a group, and is answered itself (R39). `lpCalleeData` is filled when the join has ended (R95, R96).
   */
  readonly WSPJoinLeaf: (
    s: SOCKET,
    name: SOCKADDR,
    namelen: number,
    lpCallerData: WSABUF | null,
    lpCalleeData: WSABUF | null,
    lpSQOS: QOS | null,
    lpGQOS: QOS | null,
    dwFlags: number,
    lpErrno: Errno,
  ) => Promise<SOCKET>;
  readonly WSPAccept: (
    s: SOCKET,
    addr: SOCKADDR | null,
    addrlen: Cell<number> | null,
    lpfnCondition: ConditionFunction | null,
    dwCallbackData: unknown,
    lpErrno: Errno,
  ) => Promise<SOCKET>;
  readonly WSPEventSelect: (
    s: SOCKET,
    hEventObject: WSAEVENT | null,
    lNetworkEvents: number,
    lpErrno: Errno,
  ) => number;
  readonly WSPEnumNetworkEvents: (
    s: SOCKET,
    hEventObject: WSAEVENT | null,
    lpNetworkEvents: WSANETWORKEVENTS,
    lpErrno: Errno,
  ) => number;
  /** A callback in place of a window message. */
  readonly WSPAsyncSelect: (
    s: SOCKET,
    callback: AsyncSelectCallback | null,
    lNetworkEvents: number,
    lpErrno: Errno,
  ) => number;
  readonly WSPIoctl: (
    s: SOCKET,
    dwIoControlCode: number,
    lpvInBuffer: IoctlBuffer | null,
    cbInBuffer: number,
    lpvOutBuffer: IoctlBuffer | null,
    cbOutBuffer: number,
    lpcbBytesReturned: Cell<number> | null,
    lpOverlapped: null,
    lpCompletionRoutine: null,
    lpThreadId: null,
    lpErrno: Errno,
  ) => number;
  /** Sends one message of all the buffers. */
  readonly WSPSend: (
    s: SOCKET,
    lpBuffers: readonly WSABUF[],
    dwBufferCount: number,
    lpNumberOfBytesSent: Cell<number>,
    dwFlags: number,
    lpErrno: Errno,
  ) => Promise<number>;
  /** Takes one message. */
  readonly WSPRecv: (
    s: SOCKET,
    lpBuffers: readonly WSABUF[],
    dwBufferCount: number,
    lpNumberOfBytesRecvd: Cell<number>,
    lpFlags: Cell<number>,
    lpErrno: Errno,
  ) => Promise<number>;
  readonly WSPShutdown: (s: SOCKET, how: number, lpErrno: Errno) => Promise<number>;
  readonly WSPCloseSocket: (s: SOCKET, lpErrno: Errno) => Promise<number>;
  /** Ends the latest call of this table that waits, with WSAEINTR; without one WSAEINVAL (R148). */
  readonly WSPCancelBlockingCall: (lpErrno: Errno) => number;
  readonly WSPGetSockName: (
    s: SOCKET,
    name: SOCKADDR,
    namelen: Cell<number>,
    lpErrno: Errno,
  ) => number;
  readonly WSPGetSockOpt: (
    s: SOCKET,
    level: number,
    optname: number,
    optval: OptionValue,
    optlen: Cell<number>,
    lpErrno: Errno,
  ) => number;
  readonly WSPSetSockOpt: (
    s: SOCKET,
    level: number,
    optname: number,
    optval: OptionValue,
    optlen: number,
    lpErrno: Errno,
  ) => number;
  /** Fills the array with protocol entries, and answers how many. */
  readonly WSPEnumProtocols: (
    lpiProtocols: readonly number[] | null,
    lpProtocolBuffer: WSAPROTOCOL_INFO[] | null,
    lpdwBufferLength: Cell<number>,
    lpErrno: Errno,
  ) => number;
  readonly WSPSelect: (
    nfds: number,
    readfds: FD_SET | null,
    writefds: FD_SET | null,
    exceptfds: FD_SET | null,
    timeout: TIMEVAL | null,
    lpErrno: Errno,
  ) => Promise<number>;
  /** Cancels what waits in this table, and ends it; the sockets stay the node's (E18). */
  readonly WSPCleanup: (lpErrno: Errno) => number;
  readonly WSACreateEvent: () => WSAEVENT;
}
