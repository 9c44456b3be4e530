import type { SessionAddress } from '../address.js';
import { err, ok, type Result } from '../result.js';
import type { Facts, Refusal, Rule, WsaCode } from '../wsa.js';
import type { CallId, Descriptor, Effect, NodeCommand } from './effect.js';
import { isUnanswered, socketAt, type Call, type NodeSockets } from './node-sockets.js';
import type { Socket } from './socket.js';
import type { Watched } from './watch.js';

/** What one call or notification did to a node's sockets, and what has to be done about it. */
export interface Step<T = null> {
  readonly state: NodeSockets;
  readonly result: Result<T, Refusal>;
  readonly effects: readonly Effect[];
}

export const done = <T>(
  state: NodeSockets,
  value: T,
  effects: readonly Effect[] = [],
): Step<T> => ({ state, result: ok(value), effects });

/** A refusal changes nothing. */
export const refused = (
  state: NodeSockets,
  code: WsaCode,
  rule: Rule,
  facts?: Facts,
): Step<never> => ({
  state,
  result: err(facts === undefined ? { code, rule } : { code, rule, facts }),
  effects: [],
});

/** The live socket of a descriptor, unless this run of the node is over. */
export function usable(state: NodeSockets, descriptor: Descriptor): Result<Socket, Refusal> {
  const socket = socketAt(state, descriptor);
  if (socket === undefined) return err({ code: 'WSAENOTSOCK', rule: 'E13' });
  if (state.lost !== null) return err({ code: state.lost, rule: 'H10' });
  return ok(socket);
}

export interface Sent {
  readonly state: NodeSockets;
  readonly call: CallId;
  readonly effect: Effect;
}

interface Sending {
  readonly session: SessionAddress;
  readonly command: NodeCommand;
  /** What the answer will be about; null when it changes nothing here. */
  readonly pending: Call | null;
  readonly after: CallId | null;
}

/** Numbers a command for the arbiter. It waits for `after` as long as that is unanswered. */
export function send(state: NodeSockets, sending: Sending): Sent {
  const { session, command, pending, after } = sending;
  const call = state.lastCall + 1;
  const calls = pending === null ? state.calls : state.calls.set(String(call), pending);
  const waits = isUnanswered(state, after) ? after : null;
  return {
    state: { ...state, lastCall: call, calls },
    call,
    effect: { type: 'send', call, after: waits, session, command },
  };
}

/** Sets the event object of a socket, if something was recorded. */
export const signalled = (
  { descriptor: socket }: Pick<Socket, 'descriptor'>,
  { signal: object }: Watched,
): readonly Effect[] => (object === null ? [] : [{ type: 'signal', object, socket }]);
