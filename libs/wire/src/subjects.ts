import {
  isIncarnation,
  isName,
  isSerial,
  isSessionAddress,
  isSocketId,
  socketId,
  socketParts,
  type Broadcast,
  type Channel,
  type SessionAddress,
  type SocketId,
} from '@joinleaf/multipoint';

// Every subject is built here, from names that were checked before: the broker stores a subject with
// a wildcard in it without complaint, so nothing unchecked may ever become a token.

export const partitionCount = 64;

/** What a command asks of a session; the last token of its subject. */
export const verbs = [
  'open',
  'listen',
  'policy',
  'join',
  'accept',
  'reject',
  'defer',
  'close',
  'shutdown',
  'resolve',
] as const;
export type Verb = (typeof verbs)[number];

/** What a node says about itself. `resume` is answered by the notifier, the others by the arbiter. */
export const nodeVerbs = ['start', 'beat', 'stop', 'resume'] as const;
export type NodeVerb = (typeof nodeVerbs)[number];

/** A name that does not fit the grammar, found before it could become part of a subject. */
export class BadName extends Error {
  override readonly name = 'BadName';
  constructor(readonly field: string) {
    super(`${field} is not a name: 1 to 64 characters of A-Z, a-z, 0-9, _ and - (rule E9)`);
  }
}

function token(field: string, value: string): string {
  if (!isName(value)) throw new BadName(field);
  return value;
}

function sessionToken(session: string): string {
  if (!isSessionAddress(session)) throw new BadName('session');
  return session;
}

/** The partition of a session, as two digits: FNV-1a (32 bit) of its address in UTF-8, modulo 64. */
export function partitionOf(session: SessionAddress): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < session.length; i += 1) {
    hash = Math.imul(hash ^ session.charCodeAt(i), 0x01000193);
  }
  return partitionNames[(hash >>> 0) % partitionCount] ?? '';
}

const partitionNames = Array.from({ length: partitionCount }, (_, partition) =>
  String(partition).padStart(2, '0'),
);

/** The subjects of one realm. Throws BadName for whatever does not fit the grammar. */
export class Subjects {
  readonly #prefix: string;

  constructor(readonly realm: string) {
    this.#prefix = `jl.${token('realm', realm)}`;
  }

  command(node: string, session: SessionAddress, verb: Verb): string {
    const address = sessionToken(session);
    return `${this.#prefix}.cmd.${token('node', node)}.${partitionOf(session)}.${address}.${verb}`;
  }

  /** All commands of one partition, or of all. */
  commands(partition = '*'): string {
    if (partition !== '*' && !isPartition(partition)) throw new BadName('partition');
    return `${this.#prefix}.cmd.*.${partition}.>`;
  }

  /** Where arbiters beat to one another. */
  arbiters(): string {
    return `${this.#prefix}.arbiters`;
  }

  node(node: string, verb: NodeVerb): string {
    return `${this.#prefix}.node.${token('node', node)}.${verb}`;
  }

  nodes(verb: NodeVerb): string {
    return `${this.#prefix}.node.*.${verb}`;
  }

  events(session: SessionAddress): string {
    return `${this.#prefix}.evt.${partitionOf(session)}.${sessionToken(session)}`;
  }

  allEvents(): string {
    return `${this.#prefix}.evt.*.*`;
  }

  decisions(session: SessionAddress): string {
    return `${this.#prefix}.dec.${partitionOf(session)}.${sessionToken(session)}`;
  }

  allDecisions(): string {
    return `${this.#prefix}.dec.*.*`;
  }

  notifications(node: string): string {
    return `${this.#prefix}.fd.${token('node', node)}`;
  }

  allNotifications(): string {
    return `${this.#prefix}.fd.*`;
  }

  /** Where a socket's message goes; its sender's node is the one that the broker vouches for. */
  data({ session, incarnation, channel, from }: DataAddress): string {
    const sender = socketParts(from);
    const place = `${sessionToken(session)}.${wholeNumber('incarnation', incarnation)}.${channelTokens(channel)}`;
    return `${this.#prefix}.data.${token('from', sender.node)}.${place}.${socketTokens(from)}`;
  }

  /** What a session's members say on one channel, whoever says it. */
  dataOf(session: SessionAddress, channel: Broadcast): string {
    return `${this.#prefix}.data.*.${sessionToken(session)}.*.${channel}.>`;
  }

  /** What is said to sockets of this node alone. */
  dataTo(node: string): string {
    return `${this.#prefix}.data.*.*.*.to.${token('node', node)}.>`;
  }

  nodeRecords(node: string): string {
    return `${this.#prefix}.nodes.${token('node', node)}`;
  }

  allNodeRecords(): string {
    return `${this.#prefix}.nodes.*`;
  }

  /** Where a stored message that cannot be read is parked: one subject for each place in a stream. */
  parked(stream: string, sequence: number): string {
    return `${this.#prefix}.parked.${this.#streamToken(stream)}.${wholeNumber('sequence', sequence)}`;
  }

  allParked(): string {
    return `${this.#prefix}.parked.*.*`;
  }

  /** The names of this realm's streams. */
  get streams() {
    return {
      events: `JL_EVENTS_${this.realm}_0`,
      decisions: `JL_DECISIONS_${this.realm}`,
      notifications: `JL_NOTIFICATIONS_${this.realm}`,
      nodes: `JL_NODES_${this.realm}`,
      parked: `JL_PARKED_${this.realm}`,
    } as const;
  }

  #streamToken(stream: string): string {
    const known: readonly string[] = Object.values(this.streams);
    if (!known.includes(stream)) throw new BadName('stream');
    return stream;
  }
}

/** Whom a message of the data plane is for, and who says it. */
export interface DataAddress {
  readonly session: SessionAddress;
  /** The how-manieth session at this address. */
  readonly incarnation: number;
  readonly channel: Channel;
  readonly from: SocketId;
}

function wholeNumber(field: string, value: number): string {
  if (!Number.isSafeInteger(value) || value < 1) throw new BadName(field);
  return String(value);
}

function socketTokens(socket: SocketId): string {
  if (!isSocketId(socket)) throw new BadName('socket');
  const { incarnation, serial } = socketParts(socket);
  return `${incarnation}.${serial}`;
}

const channelTokens = (channel: Channel): string =>
  typeof channel === 'string'
    ? channel
    : `to.${socketParts(channel.socket).node}.${socketTokens(channel.socket)}`;

export interface CommandSubject {
  readonly realm: string;
  readonly node: string;
  readonly partition: string;
  readonly session: SessionAddress;
  readonly verb: Verb;
}

/** Reads the subject of a command; null when any token does not fit. */
export function parseCommandSubject(subject: string): CommandSubject | null {
  const [jl, realm = '', kind, node = '', partition = '', session = '', verb = '', ...rest] =
    subject.split('.');
  if (jl !== 'jl' || kind !== 'cmd' || rest.length > 0) return null;
  if (!isName(realm) || !isName(node) || !isSessionAddress(session) || !isVerb(verb)) return null;
  return partition === partitionOf(session) ? { realm, node, partition, session, verb } : null;
}

/** Reads the subject of what a node says about itself; null when any token does not fit. */
export function parseNodeSubject(
  subject: string,
): { readonly realm: string; readonly node: string; readonly verb: NodeVerb } | null {
  const [jl, realm = '', kind, node = '', verb = '', ...rest] = subject.split('.');
  if (jl !== 'jl' || kind !== 'node' || rest.length > 0) return null;
  return isName(realm) && isName(node) && isNodeVerb(verb) ? { realm, node, verb } : null;
}

/** Reads the subject of a message of the data plane; null when any token does not fit. */
export function parseDataSubject(subject: string): DataAddress | null {
  const [jl, realm = '', kind, node = '', session = '', number = '', channel, ...rest] =
    subject.split('.');
  if (jl !== 'jl' || kind !== 'data' || !isName(realm) || !isSessionAddress(session)) return null;
  const incarnation = Number(number);
  if (!/^[1-9]\d{0,8}$/.test(number)) return null;
  if (channel === 'all' || channel === 'up') {
    const from = rest.length === 2 ? socketOf(node, rest) : null;
    return from && { session, incarnation, channel, from };
  }
  if (channel !== 'to' || rest.length !== 5) return null;
  const [to = '', ...ends] = rest;
  const socket = socketOf(to, ends.slice(0, 2));
  const from = socketOf(node, ends.slice(2));
  return socket && from && { session, incarnation, channel: { socket }, from };
}

function socketOf(node: string, [incarnation = '', serial = '']: readonly string[]) {
  return isName(node) && isIncarnation(incarnation) && isSerial(serial)
    ? socketId({ node, incarnation, serial })
    : null;
}

// Every message that is read or followed comes by here, some more than once.
const recordGrammar = /^jl\.([\w-]{1,64})\.(?:evt|dec)\.(\d\d)\.(@?[\w-]{1,64})$/;

/** The session in the subject of a commit or a refusal; null when any token does not fit. */
export function sessionIn(subject: string): SessionAddress | null {
  const [, realm = '', partition, session = ''] = recordGrammar.exec(subject) ?? [];
  if (!isName(realm) || !isSessionAddress(session)) return null;
  return partition === partitionOf(session) ? session : null;
}

const isPartition = (text: string): boolean =>
  /^\d{2}$/.test(text) && Number(text) < partitionCount;

const isVerb = (text: string): text is Verb => (verbs as readonly string[]).includes(text);
const isNodeVerb = (text: string): text is NodeVerb =>
  (nodeVerbs as readonly string[]).includes(text);

/** Where a node receives replies; its user may subscribe here and nowhere else but its notifications. */
export const inboxPrefixOf = (node: string): string => `_INBOX.${token('node', node)}`;
