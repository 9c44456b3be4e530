import {
  samePolicy,
  winsockPolicy,
  type AdmissionPolicy,
  type Answer,
  type JoinId,
  type Rule,
  type SessionCommand,
  type SessionEvent,
  type WsaCode,
} from '@joinleaf/multipoint';
import type { Basis, Input, Output, Policy } from './history.js';

// For recorders that hold commands and replies: the same, as operations of a history.

/** A reply, as far as a history needs it; those of docs/PROTOCOL.md have these fields. */
export type Reply =
  | { readonly ok: true; readonly revision: number; readonly answer: Answer }
  | {
      readonly ok: false;
      readonly code: WsaCode;
      readonly rule: Rule;
      readonly basedOn: Basis | null;
    };

/**
 * A command as the input of an operation.
 *
 * @param events - What came of it; asked for by `ExpireJoins` alone, which does not say whose deadline has come.
 * @returns Null for what the model does not know: settling a command, which changes no session, and policies beyond
 *   it. Leave a session with such a policy out.
 */
export function inputOf(
  command: SessionCommand,
  events: readonly SessionEvent[] = [],
): Input | null {
  switch (command.type) {
    case 'OpenSession':
      return isModelled(command.policy)
        ? { type: 'open', root: command.root, policy: policyOf(command.policy) }
        : null;
    case 'ChangePolicy':
      return isModelled(command.changes)
        ? { type: 'policy', root: command.root, changes: changesOf(command.changes) }
        : null;
    case 'Listen':
      return { type: 'listen', root: command.root, backlog: command.backlog };
    case 'InviteLeaf': {
      const { caller: root, leafAddress: leaf, link } = command;
      return { type: 'invite', root, leaf, link };
    }
    case 'RequestJoin':
      return { type: 'join', socket: command.caller, local: command.leafAddress };
    case 'AcceptJoin': {
      const { join, acceptor, accepted } = command;
      return { type: 'accept', join, acceptor, accepted };
    }
    case 'RejectJoin': {
      const { join, acceptor, node } = command;
      return { type: 'reject', join, acceptor, node };
    }
    case 'DeferJoin':
      return { type: 'defer', join: command.join, acceptor: command.acceptor };
    case 'CloseSocket':
      return { type: 'close', socket: command.socket };
    case 'CloseGroup':
      return { type: 'close', socket: null };
    case 'ShutdownSession':
      return { type: 'shutdown', root: command.root, how: command.how };
    case 'ExpireJoins':
      return { type: 'expire', joins: timedOut(events) };
    case 'LoseNode':
      return { type: 'lose', node: command.node, incarnation: command.incarnation };
    case 'SettleCommand':
      return null;
  }
}

// Refused for what no session knows, though the refusal may be kept in its log: whose id it is, which run may speak.
const notOfTheSession: ReadonlySet<Rule> = new Set(['H9', 'H10', 'H12', 'E18']);

/** A reply as the output of an operation. What no session decided is told apart from what one refused. */
export function outputOf(reply: Reply): Output {
  if (!reply.ok) {
    const { code, rule, basedOn } = reply;
    if (code === 'WSAEINPROGRESS') return { type: 'unknown' };
    const isOfTheSession = basedOn !== null && !notOfTheSession.has(rule);
    return isOfTheSession ? { type: 'refused', code, basedOn } : { type: 'turned-away', code };
  }
  const { answer, revision } = reply;
  switch (answer.type) {
    case 'opened':
      return { type: 'accepted', changed: true, revision };
    case 'done':
      return { type: 'accepted', changed: answer.changed, revision };
    case 'started':
      return { type: 'started', join: answer.join, revision };
    case 'joined':
    case 'accepted':
      return { type: 'admitted', join: answer.join, revision };
  }
}

// Whether the model knows all that a policy says: what it does not know is as in Winsock's own.
const isModelled = (policy: Partial<AdmissionPolicy>): boolean => {
  const { admit, capacity, joinDeadlineMs } = winsockPolicy;
  return samePolicy(
    { ...winsockPolicy, ...policy, admit, capacity, joinDeadlineMs },
    winsockPolicy,
  );
};

const policyOf = ({ admit, capacity }: AdmissionPolicy): Policy => ({ admit, capacity });

const changesOf = ({ admit, capacity }: Partial<AdmissionPolicy>): Partial<Policy> => ({
  ...(admit === undefined ? {} : { admit }),
  ...(capacity === undefined ? {} : { capacity }),
});

const timedOut = (events: readonly SessionEvent[]): readonly JoinId[] =>
  events.flatMap((event) => (event.type === 'JoinFailed' ? [event.join] : []));
