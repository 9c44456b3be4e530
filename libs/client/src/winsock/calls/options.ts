import {
  err,
  messageBytesMax,
  ok,
  setOptions,
  type Descriptor,
  type Refusal,
  type Result,
  type Socket,
  type SocketOptions,
} from '@joinleaf/multipoint';
import { catalog, infoOf, typeOf } from '../catalog.js';
import { fieldsOf, isDword, isWhole, valueIn, write } from '../memory.js';
import {
  SO_ACCEPTCONN,
  SO_CONDITIONAL_ACCEPT,
  SO_DONTLINGER,
  SO_ERROR,
  SO_LINGER,
  SO_MAX_MSG_SIZE,
  SO_MULTIPOINT_ROLES,
  SO_PROTOCOL_INFO,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_TYPE,
  SOL_SOCKET,
} from '../numbers/settings.js';
import { fault, invalid, type Outcome } from '../refusals.js';
import { SIZEOF_WSAPROTOCOL_INFO } from '../structures.js';
import type { Thread } from '../thread.js';
import { flagsOf } from './socket.js';

export interface OptionArguments {
  readonly level: unknown;
  readonly optname: unknown;
  readonly optval: unknown;
  readonly optlen: unknown;
}

const intBytes = 4;
const noSuchOption: Refusal = { code: 'WSAENOPROTOOPT', rule: 'H17' };

/** What an option is now: what is written where the program wants it, and its length in C. */
interface Value {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly bytes: number;
}

const whole = (value: number | boolean): Value => ({
  fields: { value: Number(value) },
  bytes: intBytes,
});

const readers = new Map<unknown, (socket: Socket) => Value>([
  [SO_REUSEADDR, ({ options }) => whole(options.reuseAddress)],
  [SO_CONDITIONAL_ACCEPT, ({ options }) => whole(options.conditionalAccept)],
  [SO_DONTLINGER, ({ options }) => whole(options.lingerSeconds === null)],
  [SO_LINGER, ({ options }) => lingerOf(options)],
  [SO_SNDBUF, ({ options }) => whole(options.sendBufferBytes)],
  [SO_RCVBUF, ({ options }) => whole(options.receiveBufferBytes)],
  [SO_ACCEPTCONN, (socket) => whole(isListening(socket))],
  [SO_ERROR, () => whole(0)],
  [SO_TYPE, ({ protocol }) => whole(typeOf(protocol))],
  [SO_MAX_MSG_SIZE, () => whole(messageBytesMax)],
  [SO_PROTOCOL_INFO, (socket) => infoAt(socket)],
  [SO_MULTIPOINT_ROLES, (socket) => whole(rolesAt(socket))],
]);

/** WSPGetSockOpt: WSAEINVAL for another level, WSAENOPROTOOPT for another option (H17), WSAEFAULT (E9). */
export function getOption(thread: Thread, s: unknown, args: OptionArguments): Outcome {
  const refusal = thread.refusesOn(s);
  const socket = thread.socketOf(s);
  if (refusal !== null || socket === undefined) return err(refusal ?? fault);
  if (args.level !== SOL_SOCKET) return err(invalid('H17'));
  const reader = readers.get(args.optname);
  if (reader === undefined) return err(noSuchOption);
  const { fields, bytes } = reader(socket);
  const room = valueIn(args.optlen);
  if (!isDword(room) || room < bytes) return err(fault);
  const isWritten = write(args.optval, fields) && write(args.optlen, { value: bytes });
  return isWritten ? ok(0) : err(fault);
}

const lingerOf = ({ lingerSeconds }: SocketOptions): Value => ({
  fields: { l_onoff: lingerSeconds === null ? 0 : 1, l_linger: lingerSeconds ?? 0 },
  bytes: intBytes,
});

const isListening = (socket: Socket): boolean =>
  (socket.kind === 'root' && socket.queue !== null) ||
  (socket.kind === 'leaf' && socket.phase.name === 'listening');

function infoAt({ protocol }: Socket): Value {
  const entry = catalog.find((one) => one.protocol === protocol);
  return {
    fields: entry === undefined ? {} : { ...infoOf(entry) },
    bytes: SIZEOF_WSAPROTOCOL_INFO,
  };
}

const rolesAt = (socket: Socket): number =>
  socket.kind === 'plain' ? 0 : flagsOf([socket.roles.control, socket.roles.data]);

type Change = Partial<SocketOptions>;

const writers = new Map<unknown, (optval: unknown) => Result<Change, Refusal>>([
  [SO_REUSEADDR, (optval) => flag(optval, (reuseAddress) => ({ reuseAddress }))],
  [SO_CONDITIONAL_ACCEPT, (optval) => flag(optval, (conditionalAccept) => ({ conditionalAccept }))],
  [SO_DONTLINGER, (optval) => flag(optval, (isOff) => (isOff ? { lingerSeconds: null } : {}))],
  [SO_LINGER, (optval) => linger(optval)],
  [SO_SNDBUF, (optval) => bufferSize(optval, (sendBufferBytes) => ({ sendBufferBytes }))],
  [SO_RCVBUF, (optval) => bufferSize(optval, (receiveBufferBytes) => ({ receiveBufferBytes }))],
]);

/** WSPSetSockOpt: as WSPGetSockOpt; what can only be read is WSAENOPROTOOPT (H17). */
export function setOption(thread: Thread, s: unknown, args: OptionArguments): Outcome {
  const refusal = thread.refusesOn(s);
  if (refusal !== null) return err(refusal);
  if (args.level !== SOL_SOCKET) return err(invalid('H17'));
  const writer = writers.get(args.optname);
  if (writer === undefined) return err(noSuchOption);
  if (!isDword(args.optlen) || args.optlen < intBytes) return err(fault);
  const options = writer(args.optval);
  if (!options.ok) return options;
  const { provider } = thread;
  const set = provider.take(
    setOptions(provider.state, { socket: s as Descriptor, options: options.value }),
  );
  return set.ok ? ok(0) : set;
}

function flag(optval: unknown, change: (isSet: boolean) => Change): Result<Change, Refusal> {
  const value = valueIn(optval);
  const isFlag = typeof value === 'boolean' || isWhole(value, -0x8000_0000, 0xffff_ffff);
  return isFlag ? ok(change(Boolean(value))) : err(fault);
}

function bufferSize(optval: unknown, change: (bytes: number) => Change): Result<Change, Refusal> {
  const fields = fieldsOf(optval, ['value']);
  if (fields === null) return err(fault);
  return isWhole(fields.value, 0, 0x7fff_ffff) ? ok(change(fields.value)) : err(invalid('H17'));
}

function linger(optval: unknown): Result<Change, Refusal> {
  const fields = fieldsOf(optval, ['l_onoff', 'l_linger']);
  if (fields === null) return err(fault);
  const { l_onoff: isOn, l_linger: seconds } = fields;
  if (!isWhole(isOn, 0, 0xffff) || !isWhole(seconds, 0, 0xffff)) return err(invalid('H17'));
  return ok({ lingerSeconds: isOn === 0 ? null : seconds });
}
