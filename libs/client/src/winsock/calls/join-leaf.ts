import {
  err,
  joinLeaf,
  ok,
  type Base64,
  type JoinFlags,
  type JoinStarted,
  type Qos,
  type Refusal,
  type Result,
  type Socket,
  type Step,
  type WsaCode,
} from '@joinleaf/multipoint';
import { readAddress, type Named } from '../addresses.js';
import { readQos } from '../flow-specs.js';
import { memoryOf } from '../memory.js';
import { JL_BOTH, JL_RECEIVER_ONLY, JL_SENDER_ONLY } from '../numbers/calls.js';
import { fault, invalid, type Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';
import { calleeRoom, type CalleeRoom } from './callee-data.js';
import { followJoin } from './join-outcome.js';

export interface JoinLeafArguments {
  readonly name: unknown;
  readonly namelen: unknown;
  readonly lpCallerData: unknown;
  readonly lpCalleeData: unknown;
  readonly lpSQOS: unknown;
  readonly dwFlags: unknown;
}

/**
 * WSPJoinLeaf. Its checks come in the order of E13, E5, E17, E9, E6, E10, E1, E7, E15, E14, E3, E12; see
 * `joinLeaf`. lpGQOS is nobody's business (R105).
 */
export async function callJoinLeaf(
  thread: Thread,
  s: unknown,
  args: JoinLeafArguments,
): Promise<Outcome> {
  const refusal = thread.refusesOn(s);
  const socket = thread.socketOf(s);
  if (refusal !== null || socket === undefined) return err(refusal ?? fault);
  const early = beforeArguments(thread, socket);
  if (early !== null) return err(early);
  const wanted = read(args);
  if (!wanted.ok) return wanted;
  const step = judged(thread, socket, wanted.value);
  const started = thread.provider.take(step);
  if (!started.ok) return started;
  return followJoin(thread, { socket, ...started.value, room: wanted.value.room });
}

// What is wrong with the socket is said before anything that is wrong with the arguments.
function beforeArguments({ provider }: Thread, { descriptor }: Socket): Refusal | null {
  const bare = { flags: 'both', callerData: null, deadlineMs: null } as const;
  const { result } = joinLeaf(provider.state, { socket: descriptor, name: '', ...bare });
  return result.ok || result.error.code === 'WSAEFAULT' || isLater(result.error.code)
    ? null
    : result.error;
}

// A c_leaf with a join under way is told so after its arguments were looked at.
const isLater = (code: WsaCode): boolean => code === 'WSAEALREADY';

interface Wanted {
  readonly named: Named;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  readonly qos: Qos | null;
  readonly room: CalleeRoom;
}

const joinFlags = new Map<unknown, JoinFlags>([
  [JL_SENDER_ONLY, 'sender-only'],
  [JL_RECEIVER_ONLY, 'receiver-only'],
  [JL_BOTH, 'both'],
]);

function read(args: JoinLeafArguments): Result<Wanted, Refusal> {
  const flags = joinFlags.get(args.dwFlags);
  if (flags === undefined) return err(invalid('A31'));
  const named = readAddress(args.name, args.namelen);
  if (!named.ok) return named;
  const callerData = readCallerData(args.lpCallerData);
  if (!callerData.ok) return callerData;
  const room = calleeRoom(args.lpCalleeData);
  if (room === null) return err({ code: 'WSAEFAULT', rule: 'R97' });
  const qos = isNull(args.lpSQOS) ? ok(null) : readQos(args.lpSQOS);
  if (!qos.ok) return qos;
  return ok({ named: named.value, flags, callerData: callerData.value, qos: qos.value, room });
}

// No bytes are no data (R93).
function readCallerData(lpCallerData: unknown): Result<Base64 | null, Refusal> {
  if (isNull(lpCallerData)) return ok(null);
  const bytes = memoryOf(lpCallerData);
  if (bytes === null) return err(fault);
  return ok(bytes.length === 0 ? null : Buffer.from(bytes).toString('base64'));
}

const isNull = (value: unknown): boolean => value === null || value === undefined;

function judged(
  { provider }: Thread,
  socket: Socket,
  { named, flags, callerData, qos, room }: Wanted,
): Step<JoinStarted> {
  const { state } = provider;
  const { bytesMax: calleeBytesMax } = room;
  const asked = { flags, callerData, qos, calleeBytesMax, deadlineMs: null };
  const request = { socket: socket.descriptor, ...asked };
  if (named.isOurs && !named.isWildcard) return joinLeaf(state, { ...request, name: named.text });
  // The socket machine knows neither other families nor wildcard names: it is asked for what comes before them.
  const step = named.isOurs
    ? asFor(socket, (name) => joinLeaf(state, { ...request, name }))
    : joinLeaf(state, { ...request, name: nameOfAnotherFamily(socket) });
  if (!named.isOurs) return step;
  const isEarlier = !step.result.ok && comesBeforeName(step.result.error.code);
  return isEarlier
    ? step
    : { state, result: err({ code: 'WSAEADDRNOTAVAIL', rule: 'E7' }), effects: [] };
}

const asFor = <T>(socket: Socket, call: (name: string) => T): T => call(nameOfItsFamily(socket));

const nameOfItsFamily = (socket: Socket): string => {
  if (socket.kind === 'root') return 'any:1';
  return socket.protocol.control === 'rooted' ? 'any' : '@any';
};

const nameOfAnotherFamily = (socket: Socket): string => (socket.kind === 'root' ? 'any' : 'any:1');

const afterName: readonly WsaCode[] = [
  'WSAEPROTONOSUPPORT',
  'WSAEOPNOTSUPP',
  'WSAEADDRINUSE',
  'WSAENOBUFS',
  'WSAEMFILE',
];
const comesBeforeName = (code: WsaCode): boolean => !afterName.includes(code);
