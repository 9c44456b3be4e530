import type { Asked } from './bind.js';
import type { CallId, Descriptor } from './effect.js';
import { joinFailed } from './ending.js';
import { socketAt, withSocket, type NodeSockets } from './node-sockets.js';
import { unseated } from './seat.js';
import type { LeafSocket } from './socket.js';
import { done, send, type Step } from './step.js';

export interface CancelJoin {
  readonly socket: Descriptor;
  /** The JoinLeaf that waits. */
  readonly call: CallId;
}

/**
 * Cancels the JoinLeaf that blocks a c_leaf (R148): the request is withdrawn, and only close is left for the
 * socket (R150). A join that has its outcome stays what it is (R149). A c_root cancels by closing what JoinLeaf
 * made (R145).
 *
 * @returns The call that tells the arbiter, null when there is nothing to cancel.
 */
export function cancelJoin(state: NodeSockets, { socket: at, call }: CancelJoin): Step<Asked> {
  const leaf = socketAt(state, at);
  if (leaf?.kind !== 'leaf' || leaf.phase.name !== 'joining') return done(state, { call: null });
  const { joining } = leaf.phase;
  if (joining.call !== call) return done(state, { call: null });
  const over: LeafSocket = { ...leaf, phase: { name: 'over' } };
  const silent = unseated(withSocket(state, over), at, joining.session);
  const sent = send(silent.state, {
    session: joining.session,
    command: { verb: 'close', socket: String(at) },
    pending: { verb: 'close' },
    after: call,
  });
  const cancelled = joinFailed(joining, leaf, { code: 'WSAEINTR', rule: 'R148' });
  return done(sent.state, { call: sent.call }, [cancelled, ...silent.effects, sent.effect]);
}
