import {
  bindSocket,
  createSocket,
  isGroupAddress,
  joinLeaf,
  nodeAddress,
  protocols,
  type Descriptor,
  type Refusal,
  type Result,
  type SessionAddress,
} from '@joinleaf/multipoint';
import type { CallOptions, LeafJoin, LeafOptions, LeafOutcome } from './api.js';
import {
  checkAddress,
  checkDeadline,
  checkFlags,
  checkFlow,
  checkOptions,
  checkPort,
} from './check.js';
import { toBase64 } from './connect-data.js';
import { followJoin } from './joining.js';
import { localOf } from './listener.js';
import { MemberLeaf } from './member-leaf.js';
import { leafFields } from './option-fields.js';
import type { Provider } from './provider.js';
import { refusedHere } from './refused.js';

/** JoinLeaf with a leaf of its own: asks a rooted session (R35), or joins a group (R41). */
export async function startLeafJoin(
  provider: Provider,
  name: string,
  options: LeafOptions,
): Promise<LeafJoin> {
  const session = checkAddress('session', name);
  checkOptions(options, leafFields);
  const port = options.port === undefined ? 0 : checkPort('port', options.port);
  const flags = checkFlags(options.flags);
  const callerData = toBase64('callerData', options.callerData);
  const deadlineMs = checkDeadline(options.deadlineMs);
  options.signal?.throwIfAborted();
  provider.check();
  const socket = boundLeaf(provider, session, port);
  if (!socket.ok) return notStarted(provider, session, { port, refusal: socket.error });
  const descriptor = socket.value;
  const qos = checkFlow(options.qos);
  const asking = { socket: descriptor, name, flags, callerData, qos, deadlineMs };
  const step = provider.take(joinLeaf(provider.state, asking), options);
  if (!step.ok) {
    void provider.release(descriptor);
    return notStarted(provider, session, { port, refusal: step.error });
  }
  const address = localOf(provider, descriptor);
  const serial = String(descriptor);
  const leaf = new MemberLeaf({ provider, descriptor, serial, session }, address);
  const { started, connected } = followJoin(
    provider,
    { call: step.value.call, descriptor, session },
    {
      options,
      joined: ({ join, calleeData }): LeafOutcome => {
        leaf.joined(join);
        return { ok: true, join, leaf, calleeData };
      },
    },
  );
  const { id, deadlineAt } = await started;
  const cancel = async (more: CallOptions = {}) => {
    if (leaf.join === null) await provider.close(descriptor, more);
  };
  return { id, session, address, deadlineAt, connected, cancel };
}

function boundLeaf(
  provider: Provider,
  session: SessionAddress,
  port: number,
): Result<Descriptor, Refusal> {
  const protocol = isGroupAddress(session) ? protocols['mp-group'] : protocols['mp-conference'];
  const created = provider.take(createSocket(provider.state, protocol, ['c_leaf', 'd_leaf']));
  if (!created.ok) return created;
  const address = nodeAddress(provider.state.node, port);
  const bound = provider.take(bindSocket(provider.state, { socket: created.value, address }));
  if (bound.ok) return created;
  void provider.release(created.value);
  return bound;
}

const notStarted = (
  { state }: Provider,
  session: string,
  { port, refusal }: { readonly port: number; readonly refusal: Refusal },
): LeafJoin => ({
  id: null,
  session,
  address: nodeAddress(state.node, port),
  deadlineAt: null,
  connected: Promise.resolve(refusedHere(refusal, { session })),
  cancel: () => Promise.resolve(),
});
