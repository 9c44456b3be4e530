import type { Commit, Decided, RefusalRecord, StoredCommit } from '@joinleaf/event-log';
import {
  isGroupAddress,
  nodeAddress,
  nodeOf,
  socketId,
  socketParts,
  type AdmissionPolicy,
  type Base64,
  type Facts,
  type LossEvidence,
  type NodeAddress,
  type Qos,
  type SessionAddress,
  type SessionCommand,
  type SessionEvent,
  type SocketId,
} from '@joinleaf/multipoint';
import { byteLength, bytesOfTag } from './bytes.js';
import type { CaptureContent, CapturedSession, NodeLife, Redaction } from './content.js';
import { letters, Pseudonyms } from './pseudonyms.js';

/** A keyed digest of bytes, 8 hexadecimal digits; its key lives as long as the export. */
export type Tag = (data: Base64) => string;

/**
 * Takes out of a capture what it need not tell. Names are replaced consistently, so that every decision
 * comes out the same when it is decided again.
 */
export function redact(content: CaptureContent, redaction: Redaction, tag: Tag): CaptureContent {
  const redactor = new Redactor(redaction, tag);
  return {
    sessions: content.sessions.map((session) => redactor.session(session)),
    nodes: content.nodes.map((life) => redactor.life(life)),
  };
}

class Redactor {
  readonly #redaction: Redaction;
  readonly #tag: Tag;
  readonly #sessions = new Pseudonyms((count) => `session-${letters(count)}`);
  readonly #groups = new Pseudonyms((count) => `@group-${letters(count)}`);
  readonly #nodes = new Pseudonyms((count) => `node-${letters(count)}`);
  readonly #arbiters = new Pseudonyms((count) => `arbiter-${letters(count)}`);
  readonly #runs = new Pseudonyms((count) => `run${String(count)}`);
  readonly #commands = new Pseudonyms((count) => `command-${String(count).padStart(4, '0')}`);
  readonly #commits = new Pseudonyms((count) => `commit-${String(count).padStart(4, '0')}`);

  constructor(redaction: Redaction, tag: Tag) {
    this.#redaction = redaction;
    this.#tag = tag;
  }

  session({ session, commits, refusals }: CapturedSession): CapturedSession {
    return {
      session: this.#address(session),
      commits: commits.map((commit) => this.#commit(commit)),
      refusals: refusals.map((refusal) => this.#refusal(refusal)),
    };
  }

  life(life: NodeLife): NodeLife {
    const { node, incarnation } = life;
    const by = 'by' in life ? { by: this.#arbiter(life.by) } : {};
    return { ...life, ...by, node: this.#node(node), incarnation: this.#run(node, incarnation) };
  }

  #commit(commit: StoredCommit): StoredCommit {
    const kept: Commit = {
      schema: commit.schema,
      session: this.#address(commit.session),
      revision: commit.revision,
      prevHash: commit.prevHash,
      commitId: this.#redaction.ids ? this.#commits.of(commit.commitId) : commit.commitId,
      arbiter: this.#arbiter(commit.arbiter),
      decider: commit.decider,
      decidedAt: commit.decidedAt,
      decisions: commit.decisions.map((decided) => this.#decided(decided)),
    };
    return { ...kept, hash: commit.hash, sequence: commit.sequence, storedAt: commit.storedAt };
  }

  #decided({ commandId, command, rule, events }: Decided): Decided {
    return {
      commandId: this.#commandId(commandId),
      command: this.#command(command),
      rule,
      events: events.map((event) => this.#event(event)),
    };
  }

  #refusal(refusal: RefusalRecord): RefusalRecord {
    const { schema, session, commandId, command, basedOn, code, rule, facts } = refusal;
    const { arbiter, decider, decidedAt } = refusal;
    return {
      schema,
      session: this.#address(session),
      commandId: this.#commandId(commandId),
      command: this.#command(command),
      basedOn,
      code,
      rule,
      facts: facts === null ? null : this.#facts(facts),
      arbiter: this.#arbiter(arbiter),
      decider,
      decidedAt,
    };
  }

  #command(command: SessionCommand): SessionCommand {
    switch (command.type) {
      case 'OpenSession':
        return {
          ...command,
          address: this.#address(command.address),
          root: this.#maybe(command.root),
          policy: this.#policy(command.policy),
        };
      case 'Listen':
      case 'ShutdownSession':
        return { ...command, root: this.#socket(command.root) };
      case 'ChangePolicy':
        return {
          ...command,
          root: this.#maybe(command.root),
          changes: this.#policy(command.changes),
        };
      case 'InviteLeaf':
        return {
          ...command,
          caller: this.#socket(command.caller),
          leafAddress: this.#endpoint(command.leafAddress),
          link: this.#socket(command.link),
          callerData: this.#data(command.callerData),
          ...this.#flow(command),
        };
      case 'RequestJoin':
        return {
          ...command,
          caller: this.#socket(command.caller),
          leafAddress: this.#endpoint(command.leafAddress),
          callerData: this.#data(command.callerData),
          ...this.#flow(command),
        };
      case 'AcceptJoin':
        return {
          ...command,
          acceptor: this.#socket(command.acceptor),
          accepted: this.#maybe(command.accepted),
          calleeData: this.#data(command.calleeData),
        };
      case 'RejectJoin':
        return {
          ...command,
          acceptor: this.#maybe(command.acceptor),
          node: this.#node(command.node),
        };
      case 'DeferJoin':
        return { ...command, acceptor: this.#socket(command.acceptor) };
      case 'CloseSocket':
        return { ...command, socket: this.#socket(command.socket) };
      case 'LoseNode': {
        const { node, incarnation, evidence } = command;
        return {
          ...command,
          node: this.#node(node),
          incarnation: this.#run(node, incarnation),
          evidence: this.#evidence(node, evidence),
        };
      }
      case 'SettleCommand':
        return { ...command, node: this.#node(command.node) };
      case 'CloseGroup':
      case 'ExpireJoins':
        return command;
    }
  }

  #event(event: SessionEvent): SessionEvent {
    switch (event.type) {
      case 'SessionOpened':
        return {
          ...event,
          address: this.#address(event.address),
          root: this.#maybe(event.root),
          policy: this.#policy(event.policy),
        };
      case 'PolicyChanged':
        return { ...event, policy: this.#policy(event.policy) };
      case 'JoinRequested':
        return {
          ...event,
          caller: this.#socket(event.caller),
          leafAddress: this.#endpoint(event.leafAddress),
          link: this.#maybe(event.link),
          callerData: this.#data(event.callerData),
          ...this.#flow(event),
        };
      case 'LeafAdmitted':
        return {
          ...event,
          leaf: this.#socket(event.leaf),
          link: this.#maybe(event.link),
          calleeData: this.#data(event.calleeData),
        };
      case 'MemberLeft':
        return { ...event, leaf: this.#socket(event.leaf) };
      case 'CommandSettled':
        return event.facts === null ? event : { ...event, facts: this.#facts(event.facts) };
      case 'RootLost':
        return { ...event, root: this.#socket(event.root), heir: this.#maybe(event.heir) };
      case 'HeirElected':
        return { ...event, heir: this.#socket(event.heir) };
      case 'RootReplaced':
        return { ...event, root: this.#socket(event.root) };
      case 'ListenStarted':
      case 'JoinDeferred':
      case 'JoinFailed':
      case 'JoinCancelled':
      case 'SessionShutDown':
      case 'SessionClosed':
        return event;
    }
  }

  // Facts name things too; which, their key says. Text under any other key is dropped.
  #facts(facts: Facts): Facts {
    if (!this.#redaction.names) return facts;
    const kept = Object.entries(facts).map(
      ([key, value]) => [key, this.#fact(key, value)] as const,
    );
    return Object.fromEntries(kept);
  }

  #fact(key: string, value: Facts[string]): Facts[string] {
    if (typeof value !== 'string') return value;
    if (plainFacts.has(key)) return value;
    if (value.includes('/')) return this.#socket(value as SocketId);
    if (value.includes(':')) return this.#endpoint(value as NodeAddress);
    return nodeFacts.has(key) ? this.#node(value) : 'redacted';
  }

  #policy<P extends Partial<AdmissionPolicy>>(policy: P): P {
    if (!this.#redaction.names) return policy;
    const { allow, deny } = policy;
    return {
      ...policy,
      ...(allow === undefined || allow === null ? {} : { allow: this.#names(allow) }),
      ...(deny === undefined ? {} : { deny: this.#names(deny) }),
    };
  }

  #names(names: readonly string[]): readonly string[] {
    return names.map((name) => this.#node(name));
  }

  #evidence(node: string, evidence: LossEvidence): LossEvidence {
    return evidence.kind === 'superseded'
      ? { ...evidence, by: this.#run(node, evidence.by) }
      : evidence;
  }

  #address(address: SessionAddress): SessionAddress {
    if (!this.#redaction.names) return address;
    const names = isGroupAddress(address) ? this.#groups : this.#sessions;
    return names.of(address) as SessionAddress;
  }

  #socket(socket: SocketId): SocketId {
    const { node, incarnation, serial } = socketParts(socket);
    return socketId({ node: this.#node(node), incarnation: this.#run(node, incarnation), serial });
  }

  #maybe(socket: SocketId | null): SocketId | null {
    return socket === null ? null : this.#socket(socket);
  }

  #endpoint(address: NodeAddress): NodeAddress {
    const port = Number(address.slice(address.indexOf(':') + 1));
    return nodeAddress(this.#node(nodeOf(address)), port);
  }

  #node(name: string): string {
    return this.#redaction.names ? this.#nodes.of(name) : name;
  }

  #run(node: string, incarnation: string): string {
    return this.#redaction.names ? this.#runs.of(`${node}/${incarnation}`) : incarnation;
  }

  #arbiter(name: string): string {
    return this.#redaction.names ? this.#arbiters.of(name) : name;
  }

  #commandId(id: string): string {
    return this.#redaction.ids ? this.#commands.of(id) : id;
  }

  #flow({ qos }: { readonly qos?: Qos }): { readonly qos?: Qos } {
    if (qos === undefined) return {};
    return { qos: { ...qos, providerSpecific: this.#data(qos.providerSpecific) } };
  }

  #data(data: Base64 | null): Base64 | null {
    if (data === null || !this.#redaction.data) return data;
    return bytesOfTag({ len: byteLength(data), tag: this.#tag(data) });
  }
}

const plainFacts = new Set([
  ...['outstanding', 'join', 'known', 'session', 'control', 'data'],
  ...['status', 'cause', 'log'],
]);
const nodeFacts = new Set(['node', 'denied', 'notAllowed']);
