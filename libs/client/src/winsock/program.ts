import { sockaddr, sockaddrLength } from './addresses.js';
import { catalog, infoOf } from './catalog.js';
import type { ConditionFunction } from './condition.js';
import { FROM_PROTOCOL_INFO, JL_BOTH } from './numbers/calls.js';
import { FD_ALL_EVENTS, FD_MAX_EVENTS } from './numbers/network-events.js';
import {
  WSA_FLAG_MULTIPOINT_C_LEAF,
  WSA_FLAG_MULTIPOINT_C_ROOT,
  WSA_FLAG_MULTIPOINT_D_LEAF,
  WSA_FLAG_MULTIPOINT_D_ROOT,
} from './numbers/sockets.js';
import { newErrno, type QOS, type WSABUF } from './structures.js';
import type { Winsock } from './winsock.js';
import { WSACreateEvent, type WSAEVENT } from './wsa-event.js';

export const leafFlags = WSA_FLAG_MULTIPOINT_C_LEAF | WSA_FLAG_MULTIPOINT_D_LEAF;
export const rootFlags = WSA_FLAG_MULTIPOINT_C_ROOT | WSA_FLAG_MULTIPOINT_D_LEAF;
export const rootedFlags = WSA_FLAG_MULTIPOINT_C_ROOT | WSA_FLAG_MULTIPOINT_D_ROOT;

/** What a call answered, and its error: `WSAEFAULT R97`, or null. */
export interface Answer {
  readonly value: number;
  readonly error: string | null;
}

/** How a join is asked for, where it differs from the plainest. */
export interface Wish {
  readonly callerData?: WSABUF | null;
  readonly calleeData?: WSABUF | null;
  readonly qos?: QOS | null;
  readonly flags?: number;
}

export const room = (bytes: number): WSABUF => ({ len: bytes, buf: new Uint8Array(bytes) });

export function bytes(...data: readonly number[]): WSABUF {
  return { len: data.length, buf: Uint8Array.from(data) };
}

/** What a test's program does with its procedure table, in fewer words. */
export class Program {
  constructor(readonly ws: Winsock) {}

  socket(entry = 'mp-conference', flags = leafFlags): number {
    const error = newErrno();
    const any = FROM_PROTOCOL_INFO;
    const found = catalog.find(({ protocol }) => protocol.name === entry);
    const info = found === undefined ? null : infoOf(found);
    const s = this.ws.WSPSocket(any, any, any, info, 0, flags, error);
    if (error.number !== 0) throw new Error(`no socket: ${error.message}`);
    return s;
  }

  /** A c_root whose session is open. */
  async root(
    session: string,
    { entry = 'mp-conference', flags = rootFlags } = {},
  ): Promise<number> {
    const s = this.socket(entry, flags);
    must(await this.bind(s, session));
    return s;
  }

  async listeningRoot(session: string, backlog = 8): Promise<number> {
    const s = await this.root(session);
    must(await this.listen(s, backlog));
    return s;
  }

  /** A c_leaf that listens. */
  async listener(address: string): Promise<number> {
    const s = this.socket();
    must(await this.bind(s, address));
    must(await this.listen(s));
    return s;
  }

  async bind(s: number, text: string): Promise<Answer> {
    const [name, error] = [sockaddr(text), newErrno()];
    return answerOf(await this.ws.WSPBind(s, name, sockaddrLength(name), error), error);
  }

  async listen(s: number, backlog = 8): Promise<Answer> {
    const error = newErrno();
    return answerOf(await this.ws.WSPListen(s, backlog, error), error);
  }

  async join(s: number, text: string, wish: Wish = {}): Promise<Answer> {
    const { callerData = null, calleeData = null, qos = null, flags = JL_BOTH } = wish;
    const [name, error] = [sockaddr(text), newErrno()];
    const length = sockaddrLength(name);
    const { ws } = this;
    const data = [callerData, calleeData] as const;
    return answerOf(await ws.WSPJoinLeaf(s, name, length, ...data, qos, null, flags, error), error);
  }

  async accept(s: number, condition: ConditionFunction | null = null): Promise<Answer> {
    const error = newErrno();
    return answerOf(await this.ws.WSPAccept(s, null, null, condition, 0, error), error);
  }

  async send(s: number, text: string, flags = 0): Promise<Answer> {
    const [error, sent] = [newErrno(), { value: -1 }];
    const data = new TextEncoder().encode(text);
    const buffers = [{ len: data.length, buf: data }];
    const value = await this.ws.WSPSend(s, buffers, 1, sent, flags, error);
    return answerOf(value === 0 ? sent.value : value, error);
  }

  /** What arrived, as text; with `room` for so many bytes. */
  async receive(s: number, { bytesMax = 64, flags = 0 } = {}) {
    const [error, got, seen] = [newErrno(), { value: -1 }, { value: flags }];
    const buffer = room(bytesMax);
    const value = await this.ws.WSPRecv(s, [buffer], 1, got, seen, error);
    const text = new TextDecoder().decode(buffer.buf?.subarray(0, Math.max(got.value, 0)));
    return { ...answerOf(value, error), text, flags: seen.value };
  }

  async shutdown(s: number, how: number): Promise<Answer> {
    const error = newErrno();
    return answerOf(await this.ws.WSPShutdown(s, how, error), error);
  }

  async close(s: number): Promise<Answer> {
    const error = newErrno();
    return answerOf(await this.ws.WSPCloseSocket(s, error), error);
  }

  cancel(): Answer {
    const error = newErrno();
    return answerOf(this.ws.WSPCancelBlockingCall(error), error);
  }

  register(s: number, mask = FD_ALL_EVENTS, event: WSAEVENT | null = WSACreateEvent()) {
    const error = newErrno();
    return { ...answerOf(this.ws.WSPEventSelect(s, event, mask, error), error), event };
  }

  /** The mask that is recorded, and the errors of its slots. */
  enumerate(s: number, event: WSAEVENT | null = null) {
    const error = newErrno();
    const events = { lNetworkEvents: 0, iErrorCode: new Array<number>(FD_MAX_EVENTS).fill(-1) };
    const answer = answerOf(this.ws.WSPEnumNetworkEvents(s, event, events, error), error);
    return { ...answer, mask: events.lNetworkEvents, errors: events.iErrorCode };
  }

  ioctl(
    s: number,
    code: number,
    input: unknown,
    output: unknown = null,
  ): Answer & { size: number } {
    const [error, size] = [newErrno(), { value: -1 }];
    const bytesOfAny = 128;
    const value = this.ws.WSPIoctl(
      s,
      code,
      input as null,
      bytesOfAny,
      output as null,
      bytesOfAny,
      size,
      null,
      null,
      null,
      error,
    );
    return { ...answerOf(value, error), size: size.value };
  }
}

const answerOf = (value: number, error: ReturnType<typeof newErrno>): Answer => ({
  value,
  error: error.number === 0 ? null : `${String(error.name)} ${String(error.rule)}`,
});

/** The value of a call that has to succeed. */
export function must({ value, error }: Answer): number {
  if (error !== null) throw new Error(`refused: ${error}`);
  return value;
}

/** All that is under way in a town, and a bit more. */
export async function calm(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await new Promise(setImmediate);
}
