import { err, ok, type Refusal } from '@joinleaf/multipoint';
import { accept } from './calls/accept.js';
import { bind, listen } from './calls/bind.js';
import { connectTo } from './calls/connect.js';
import { receiveMessage, sendMessage } from './calls/data.js';
import { close, shutDown } from './calls/endings.js';
import { enumProtocols } from './calls/enum-protocols.js';
import { enumerateEvents, selectEvents, selectMessages } from './calls/events.js';
import { ioctl } from './calls/ioctl.js';
import { callJoinLeaf } from './calls/join-leaf.js';
import { socketName } from './calls/names.js';
import { getOption, setOption } from './calls/options.js';
import { select } from './calls/select.js';
import { makeSocket } from './calls/socket.js';
import { INVALID_SOCKET, SOCKET_ERROR } from './numbers/calls.js';
import type { Outcome } from './refusals.js';
import type { Thread } from './thread.js';
import type { Winsock } from './winsock.js';
import { WSACreateEvent } from './wsa-event.js';

type Args<Name extends keyof Winsock> = Parameters<Winsock[Name]>;

/** Gives each call its name and its parameters; functions of their own do what it says. */
export class ProcedureTable implements Winsock {
  readonly #thread: Thread;

  constructor(thread: Thread) {
    this.#thread = thread;
  }

  WSPSocket = (...args: Args<'WSPSocket'>): number => {
    const [af, type, protocol, lpProtocolInfo, , dwFlags, lpErrno] = args;
    const asked = { af, type, protocol, lpProtocolInfo, dwFlags };
    return this.#thread.now(lpErrno, INVALID_SOCKET, () => makeSocket(this.#thread, asked));
  };

  WSPBind = (...[s, name, namelen, lpErrno]: Args<'WSPBind'>): Promise<number> =>
    this.#later(lpErrno, () => bind(this.#thread, s, { name, namelen }));

  WSPListen = (...[s, backlog, lpErrno]: Args<'WSPListen'>): Promise<number> =>
    this.#later(lpErrno, () => listen(this.#thread, s, backlog));

  WSPConnect = (...args: Args<'WSPConnect'>): Promise<number> => {
    const [s, name, namelen, , , , , lpErrno] = args;
    return this.#later(lpErrno, () => connectTo(this.#thread, s, { name, namelen }));
  };

  WSPJoinLeaf = (...args: Args<'WSPJoinLeaf'>): Promise<number> => {
    const [s, name, namelen, lpCallerData, lpCalleeData, lpSQOS, , dwFlags, lpErrno] = args;
    const asked = { name, namelen, lpCallerData, lpCalleeData, lpSQOS, dwFlags };
    return this.#thread.later(lpErrno, INVALID_SOCKET, () => callJoinLeaf(this.#thread, s, asked));
  };

  WSPAccept = (...args: Args<'WSPAccept'>): Promise<number> => {
    const [s, addr, addrlen, lpfnCondition, dwCallbackData, lpErrno] = args;
    const asked = { addr, addrlen, lpfnCondition, dwCallbackData };
    return this.#thread.later(lpErrno, INVALID_SOCKET, () => accept(this.#thread, s, asked));
  };

  WSPEventSelect = (...args: Args<'WSPEventSelect'>): number => {
    const [s, hEventObject, lNetworkEvents, lpErrno] = args;
    return this.#now(lpErrno, () =>
      selectEvents(this.#thread, s, { hEventObject, lNetworkEvents }),
    );
  };

  WSPEnumNetworkEvents = (...args: Args<'WSPEnumNetworkEvents'>): number => {
    const [s, hEventObject, lpNetworkEvents, lpErrno] = args;
    return this.#now(lpErrno, () =>
      enumerateEvents(this.#thread, s, { hEventObject, lpNetworkEvents }),
    );
  };

  WSPAsyncSelect = (...args: Args<'WSPAsyncSelect'>): number => {
    const [s, callback, lNetworkEvents, lpErrno] = args;
    return this.#now(lpErrno, () => selectMessages(this.#thread, s, { callback, lNetworkEvents }));
  };

  WSPIoctl = (...args: Args<'WSPIoctl'>): number => {
    const [s, dwIoControlCode, lpvInBuffer, cbInBuffer, lpvOutBuffer, cbOutBuffer] = args;
    const [, , , , , , lpcbBytesReturned, , , , lpErrno] = args;
    const input = { lpvInBuffer, cbInBuffer };
    const output = { lpvOutBuffer, cbOutBuffer, lpcbBytesReturned };
    return this.#now(lpErrno, () =>
      ioctl(this.#thread, s, { dwIoControlCode, ...input, ...output }),
    );
  };

  WSPSend = (...args: Args<'WSPSend'>): Promise<number> => {
    const [s, lpBuffers, dwBufferCount, lpNumberOfBytes, flags, lpErrno] = args;
    const asked = { lpBuffers, dwBufferCount, lpNumberOfBytes, flags };
    return this.#later(lpErrno, () => sendMessage(this.#thread, s, asked));
  };

  WSPRecv = (...args: Args<'WSPRecv'>): Promise<number> => {
    const [s, lpBuffers, dwBufferCount, lpNumberOfBytes, flags, lpErrno] = args;
    const asked = { lpBuffers, dwBufferCount, lpNumberOfBytes, flags };
    return this.#later(lpErrno, () => receiveMessage(this.#thread, s, asked));
  };

  WSPShutdown = (...[s, how, lpErrno]: Args<'WSPShutdown'>): Promise<number> =>
    this.#later(lpErrno, () => shutDown(this.#thread, s, how));

  WSPCloseSocket = (...[s, lpErrno]: Args<'WSPCloseSocket'>): Promise<number> =>
    this.#later(lpErrno, () => close(this.#thread, s));

  WSPCancelBlockingCall = (lpErrno: Args<'WSPCancelBlockingCall'>[0]): number =>
    this.#now(lpErrno, () => zeroUnless(this.#thread.cancelLatest()));

  WSPGetSockName = (...[s, name, namelen, lpErrno]: Args<'WSPGetSockName'>): number =>
    this.#now(lpErrno, () => socketName(this.#thread, s, { name, namelen }));

  WSPGetSockOpt = (...args: Args<'WSPGetSockOpt'>): number => {
    const [s, level, optname, optval, optlen, lpErrno] = args;
    return this.#now(lpErrno, () => getOption(this.#thread, s, { level, optname, optval, optlen }));
  };

  WSPSetSockOpt = (...args: Args<'WSPSetSockOpt'>): number => {
    const [s, level, optname, optval, optlen, lpErrno] = args;
    return this.#now(lpErrno, () => setOption(this.#thread, s, { level, optname, optval, optlen }));
  };

  WSPEnumProtocols = (...args: Args<'WSPEnumProtocols'>): number => {
    const [lpiProtocols, lpProtocolBuffer, lpdwBufferLength, lpErrno] = args;
    const asked = { lpiProtocols, lpProtocolBuffer, lpdwBufferLength };
    return this.#now(lpErrno, () => enumProtocols(this.#thread, asked));
  };

  WSPSelect = (...args: Args<'WSPSelect'>): Promise<number> => {
    const [, readfds, writefds, exceptfds, timeout, lpErrno] = args;
    const asked = { readfds, writefds, exceptfds, timeout };
    return this.#later(lpErrno, () => select(this.#thread, asked));
  };

  WSPCleanup = (lpErrno: Args<'WSPCleanup'>[0]): number =>
    this.#now(lpErrno, () => zeroUnless(this.#thread.cleanUp()));

  WSACreateEvent = WSACreateEvent;

  #now(lpErrno: unknown, call: () => Outcome): number {
    return this.#thread.now(lpErrno, SOCKET_ERROR, call);
  }

  #later(lpErrno: unknown, call: () => Outcome | Promise<Outcome>): Promise<number> {
    return this.#thread.later(lpErrno, SOCKET_ERROR, call);
  }
}

const zeroUnless = (refusal: Refusal | null): Outcome => (refusal === null ? ok(0) : err(refusal));
