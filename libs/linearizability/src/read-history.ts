import {
  err,
  isIncarnation,
  isName,
  isNodeAddress,
  isSessionAddress,
  isSocketId,
  isWsaCode,
  ok,
  type JoinId,
  type NodeAddress,
  type Result,
  type SessionAddress,
  type SocketId,
  type WsaCode,
} from '@joinleaf/multipoint';
import {
  fieldsOf,
  fieldsWith,
  listOf,
  numberFrom,
  oneOf,
  orNull,
  textOf,
  typedBy,
  valueOf,
  within,
  type Misfit,
  type Read,
} from './fields.js';
import type { History, Input, Operation, Output } from './history.js';

// The JSON form of docs/HISTORIES.md. It is strict: a field that nobody knows is a mistake of whoever wrote it.

/**
 * Reads histories from parsed JSON: one history, or a list of them. Never throws for what stands in it.
 *
 * @returns The histories in their order, or the first field that is not what it should be.
 */
export function historiesFrom(json: unknown): Result<readonly History[], Misfit> {
  if (!Array.isArray(json)) {
    const one = historyIn(json, '');
    return one.ok ? ok([one.value]) : one;
  }
  const histories = listOf(historyIn)(json, '');
  if (!histories.ok) return histories;
  const twice = firstRepeated(histories.value.map(({ session }) => session));
  if (twice === null) return histories;
  return err({ field: `[${String(twice)}].session`, problem: 'is the session of another history' });
}

const socket = textOf<SocketId>('a socket, such as ada/1k3f9x/7', isSocketId);
const endpoint = textOf<NodeAddress>('an address, such as ada:7', isNodeAddress);
const join = textOf<JoinId>('a join, such as J7', (text) => /^J[1-9]\d{0,8}$/.test(text));
const code = textOf<WsaCode>('a Windows Sockets error name', isWsaCode);
const name = textOf<string>('a name', isName);
const label = textOf<string>(
  'a text of 1 to 128 characters',
  ({ length }) => length >= 1 && length <= 128,
);
const revision = orNull(numberFrom(0));
const basis = fieldsOf({ revision: numberFrom(0), decisions: numberFrom(0) });
const truth = valueOf('true or false', (value): value is boolean => typeof value === 'boolean');

const policy = { admit: oneOf('ask', 'auto'), capacity: orNull(numberFrom(1)) };

const input: Read<Input> = typedBy({
  open: fieldsOf({ root: orNull(socket), policy: fieldsOf(policy) }),
  listen: fieldsOf({ root: socket, backlog: numberFrom(-1_000_000_000) }),
  policy: fieldsOf({ root: orNull(socket), changes: fieldsWith({}, policy) }),
  join: fieldsOf({ socket, local: endpoint }),
  invite: fieldsOf({ root: socket, leaf: endpoint, link: socket }),
  accept: fieldsOf({ join, acceptor: socket, accepted: orNull(socket) }),
  reject: fieldsOf({ join, acceptor: orNull(socket), node: name }),
  defer: fieldsOf({ join, acceptor: socket }),
  close: fieldsOf({ socket: orNull(socket) }),
  shutdown: fieldsOf({ root: socket, how: oneOf('receive', 'send', 'both') }),
  expire: fieldsOf({ joins: listOf(join) }),
  lose: fieldsOf({ node: name, incarnation: textOf<string>('an incarnation', isIncarnation) }),
  query: fieldsOf({}),
});

const output: Read<Output> = typedBy({
  accepted: fieldsOf({ changed: orNull(truth), revision }),
  started: fieldsOf({ join, revision }),
  admitted: fieldsOf({ join, revision }),
  members: fieldsOf({ members: listOf(socket), revision }),
  refused: fieldsOf({ code, basedOn: orNull(basis) }),
  'turned-away': fieldsOf({ code }),
  unknown: fieldsOf({}),
});

const operationFields = fieldsOf({
  process: label,
  commandId: label,
  call: numberFrom(0),
  return: orNull(numberFrom(0)),
  input,
  output: orNull(output),
});

const historyFields = fieldsWith(
  {
    schema: valueOf('1', (value): value is 1 => value === 1),
    session: textOf<SessionAddress>('a session address', isSessionAddress),
    operations: listOf(operationIn),
  },
  {
    seed: valueOf(
      'a text or a number',
      (value): value is string | number => typeof value === 'string' || typeof value === 'number',
    ),
  },
);

function operationIn(value: unknown, field: string): Result<Operation, Misfit> {
  const read = operationFields(value, field);
  if (!read.ok) return read;
  const { call, return: until, output: told } = read.value;
  if (until !== null && until < call) {
    return err({ field: within(field, 'return'), problem: 'is before the call' });
  }
  if ((until === null) !== (told === null)) {
    return err({
      field: within(field, 'output'),
      problem: 'is null where `return` is, and only there',
    });
  }
  return read;
}

function historyIn(value: unknown, field: string): Result<History, Misfit> {
  const read = historyFields(value, field);
  if (!read.ok) return read;
  const twice = firstRepeated(read.value.operations.map(({ commandId }) => commandId));
  if (twice === null) return read;
  const where = within(field, `operations`) + `[${String(twice)}].commandId`;
  return err({ field: where, problem: 'is the id of an earlier operation' });
}

function firstRepeated(texts: readonly string[]): number | null {
  const seen = new Set<string>();
  for (const [index, text] of texts.entries()) {
    if (seen.has(text)) return index;
    seen.add(text);
  }
  return null;
}
