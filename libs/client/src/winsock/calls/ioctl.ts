import {
  err,
  getQos,
  ok,
  receiveData,
  setMode,
  setOptions,
  setQos,
  type Descriptor,
  type Refusal,
  type Result,
} from '@joinleaf/multipoint';
import { bestEffort, qosOf, readQos } from '../flow-specs.js';
import { fieldsOf, isDword, isWhole, valueIn, write } from '../memory.js';
import {
  FIONBIO,
  FIONREAD,
  SIO_FLUSH,
  SIO_GET_GROUP_QOS,
  SIO_GET_QOS,
  SIO_MULTICAST_SCOPE,
  SIO_MULTIPOINT_LOOPBACK,
  SIO_SET_GROUP_QOS,
  SIO_SET_QOS,
} from '../numbers/settings.js';
import { fault, invalid, type Outcome } from '../refusals.js';
import { SIZEOF_QOS } from '../structures.js';
import type { Thread } from '../thread.js';

export interface IoctlArguments {
  readonly dwIoControlCode: unknown;
  readonly lpvInBuffer: unknown;
  readonly cbInBuffer: unknown;
  readonly lpvOutBuffer: unknown;
  readonly cbOutBuffer: unknown;
  readonly lpcbBytesReturned: unknown;
}

/** Bytes of a DWORD or a BOOL. */
const dwordBytes = 4;
const scopeMax = 255;

/**
 * WSPIoctl: see `setMode`, `setOptions`, `setQos`, `getQos`. WSAEOPNOTSUPP for ioctls that nothing stands behind,
 * WSAEINVAL for other numbers (H17), WSAEFAULT for memory that is missing or too short (E9).
 */
export function ioctl(thread: Thread, s: unknown, args: IoctlArguments): Outcome {
  const refusal = thread.refusesOn(s);
  if (refusal !== null) return err(refusal);
  const socket = s as Descriptor;
  switch (args.dwIoControlCode) {
    case FIONBIO:
      return setBlocking(thread, socket, args);
    case FIONREAD:
      return bytesWaiting(thread, socket, args);
    case SIO_SET_QOS:
      return storeQos(thread, socket, args);
    case SIO_GET_QOS:
      return tellQos(thread, socket, args);
    case SIO_MULTIPOINT_LOOPBACK:
      return setLoopback(thread, socket, args);
    case SIO_MULTICAST_SCOPE:
      return setScope(thread, socket, args);
    case SIO_FLUSH:
    case SIO_GET_GROUP_QOS:
    case SIO_SET_GROUP_QOS:
      return err({ code: 'WSAEOPNOTSUPP', rule: 'H17' });
    default:
      return err(invalid('H17'));
  }
}

function setBlocking(thread: Thread, socket: Descriptor, args: IoctlArguments): Outcome {
  const { provider } = thread;
  const isNonblocking = flagIn(args);
  if (!isNonblocking.ok) return isNonblocking;
  const mode = isNonblocking.value ? 'nonblocking' : 'blocking';
  return finish(args, provider.take(setMode(provider.state, { socket, mode })));
}

// Loopback and scope are where the others are: stored, whatever becomes of the socket (R155, R156).
function setLoopback(thread: Thread, socket: Descriptor, args: IoctlArguments): Outcome {
  const { provider } = thread;
  const loopback = flagIn(args);
  if (!loopback.ok) return loopback;
  const options = { loopback: loopback.value };
  return finish(args, provider.take(setOptions(provider.state, { socket, options })));
}

function setScope(thread: Thread, socket: Descriptor, args: IoctlArguments): Outcome {
  const { provider } = thread;
  if (!hasBytes(args.cbInBuffer, dwordBytes)) return err(fault);
  const fields = fieldsOf(args.lpvInBuffer, ['value']);
  if (fields === null) return err(fault);
  const { value: scope } = fields;
  if (!isWhole(scope, 0, scopeMax)) return err(invalid('R156'));
  return finish(args, provider.take(setOptions(provider.state, { socket, options: { scope } })));
}

function bytesWaiting({ provider }: Thread, socket: Descriptor, args: IoctlArguments): Outcome {
  if (!hasBytes(args.cbOutBuffer, dwordBytes)) return err(fault);
  const { result } = receiveData(provider.state, { socket, peek: true });
  if (!result.ok && result.error.code === 'WSAENOTSOCK') return result;
  const value = result.ok ? result.value.bytes.length : 0;
  return write(args.lpvOutBuffer, { value }) ? finish(args, ok(null), dwordBytes) : err(fault);
}

function storeQos({ provider }: Thread, socket: Descriptor, args: IoctlArguments): Outcome {
  const { result } = getQos(provider.state, socket);
  if (!result.ok) return result;
  if (!hasBytes(args.cbInBuffer, SIZEOF_QOS)) return err({ code: 'WSAEFAULT', rule: 'R97' });
  const qos = readQos(args.lpvInBuffer);
  if (!qos.ok) return qos;
  return finish(args, provider.take(setQos(provider.state, { socket, qos: qos.value })));
}

// FD_QOS is re-enabled by a call that told something (R107).
function tellQos({ provider }: Thread, socket: Descriptor, args: IoctlArguments): Outcome {
  const step = getQos(provider.state, socket);
  if (!step.result.ok) return step.result;
  if (!hasBytes(args.cbOutBuffer, SIZEOF_QOS)) return err({ code: 'WSAEFAULT', rule: 'R97' });
  const { flow, asked } = step.result.value;
  if (!write(args.lpvOutBuffer, { ...qosOf(flow ?? asked ?? bestEffort) })) return err(fault);
  provider.take(step);
  return finish(args, ok(null), SIZEOF_QOS);
}

/** A BOOL or a DWORD: zero or not. */
function flagIn({ lpvInBuffer, cbInBuffer }: IoctlArguments): Result<boolean, Refusal> {
  const value = valueIn(lpvInBuffer);
  const isFlag = typeof value === 'boolean' || isWhole(value, -0x8000_0000, 0xffff_ffff);
  return isFlag && hasBytes(cbInBuffer, dwordBytes) ? ok(Boolean(value)) : err(fault);
}

const hasBytes = (size: unknown, bytes: number): boolean => isDword(size) && size >= bytes;

function finish(
  { lpcbBytesReturned }: IoctlArguments,
  result: Result<null, Refusal>,
  bytesReturned = 0,
): Outcome {
  if (!result.ok) return result;
  write(lpcbBytesReturned, { value: bytesReturned });
  return ok(0);
}
