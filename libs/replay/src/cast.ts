import {
  linkMadeFor,
  outstanding,
  socketParts,
  type EventOf,
  type JoinId,
  type NodeAddress,
  type Session,
  type SessionCommand,
  type SessionEvent,
  type SocketId,
} from '@joinleaf/multipoint';
import type { DecisionStep, Step } from './steps.js';

/** What a socket is in its session. */
export type Part =
  | { readonly role: 'root' }
  /** The root's own socket for one leaf. */
  | { readonly role: 'link'; readonly endpoint: NodeAddress }
  | { readonly role: 'leaf'; readonly endpoint: NodeAddress };

/** Who does something: a socket's side, or a part of the service. */
export type Actor =
  | { readonly kind: 'root' }
  | { readonly kind: 'leaf'; readonly endpoint: NodeAddress }
  | { readonly kind: 'stranger'; readonly name: string }
  | { readonly kind: 'operator' | 'timer' | 'detector' };

/** What ended a join. */
export type JoinEnd = EventOf<'LeafAdmitted' | 'JoinFailed' | 'JoinCancelled'>;

/**
 * Who is who in a history. Sockets are remembered after they left, so that the cast is asked with any
 * record, in any order, once it has met them all.
 */
export class Cast {
  readonly #parts = new Map<SocketId, Part>();
  readonly #endpoints = new Map<NodeAddress, number>();
  readonly #joins = new Map<JoinId, NodeAddress>();
  readonly #ends = new Map<JoinId, { readonly step: DecisionStep; readonly event: JoinEnd }>();

  static of(steps: Iterable<Step>): Cast {
    const cast = new Cast();
    for (const step of steps) cast.meet(step);
    return cast;
  }

  /** Endpoints that wanted in, with the number of the record that first named each. */
  get endpoints(): ReadonlyMap<NodeAddress, number> {
    return this.#endpoints;
  }

  meet(step: Step): void {
    if (step.kind === 'decision') {
      for (const event of step.decided.events) this.#witness(event, step);
      this.#hear(step.decided.command, step.number);
    } else {
      this.#hear(step.refusal.command, step.number);
    }
  }

  /** Takes in who is in a session, or waits for it, as if they had been met when they came. */
  meetAll(session: Session): void {
    if (session.phase === 'unopened' || session.phase === 'closed') return;
    if (session.root !== null) this.#root(session.root);
    if (session.phase === 'shut') return;
    for (const { join, leaf, link, address } of session.members.values()) {
      this.#joins.set(join, address);
      this.#leaf(leaf, address);
      if (link !== null) this.#parts.set(link, { role: 'link', endpoint: address });
    }
    for (const { id, kind, caller, link, leafAddress } of outstanding(session)) {
      this.#joins.set(id, leafAddress);
      if (kind !== 'invitation') this.#leaf(caller, leafAddress);
      if (link !== null) this.#parts.set(link, { role: 'link', endpoint: leafAddress });
    }
  }

  partOf(socket: SocketId): Part | null {
    return this.#parts.get(socket) ?? null;
  }

  /** The endpoint whose membership a join was about. */
  endpointOf(join: JoinId): NodeAddress | null {
    return this.#joins.get(join) ?? null;
  }

  /** The record with which a join ended; null while it waits. */
  endOf(join: JoinId): { readonly step: DecisionStep; readonly event: JoinEnd } | null {
    return this.#ends.get(join) ?? null;
  }

  /** A socket as people call it: `root`, `bob:1`, `link to bob:1`, or its id. */
  nameOf(socket: SocketId): string {
    const part = this.partOf(socket);
    if (part === null) return socket;
    if (part.role === 'root') return 'root';
    return part.role === 'link' ? `link to ${part.endpoint}` : part.endpoint;
  }

  /** Who sent a command. */
  actorOf(command: SessionCommand): Actor {
    switch (command.type) {
      case 'OpenSession':
      case 'ChangePolicy':
        return command.root === null ? { kind: 'operator' } : this.#sideOf(command.root);
      case 'Listen':
      case 'ShutdownSession':
        return this.#sideOf(command.root);
      case 'InviteLeaf':
        return this.#sideOf(command.caller);
      case 'RequestJoin':
        return { kind: 'leaf', endpoint: command.leafAddress };
      case 'AcceptJoin':
      case 'DeferJoin':
        return this.#sideOf(command.acceptor);
      case 'RejectJoin':
        return command.acceptor === null
          ? this.#answering(command.join, command.node)
          : this.#sideOf(command.acceptor);
      case 'CloseSocket':
        return this.#sideOf(command.socket);
      case 'CloseGroup':
        return { kind: 'operator' };
      case 'ExpireJoins':
        return { kind: 'timer' };
      case 'LoseNode':
        return { kind: 'detector' };
      case 'SettleCommand':
        return { kind: 'stranger', name: command.node };
    }
  }

  #answering(join: JoinId, node: string): Actor {
    const endpoint = this.endpointOf(join);
    return endpoint?.startsWith(`${node}:`)
      ? { kind: 'leaf', endpoint }
      : { kind: 'stranger', name: node };
  }

  #sideOf(socket: SocketId): Actor {
    const part = this.partOf(socket);
    if (part === null) return { kind: 'stranger', name: socket };
    return part.role === 'leaf' ? { kind: 'leaf', endpoint: part.endpoint } : { kind: 'root' };
  }

  #witness(event: SessionEvent, step: DecisionStep): void {
    const { number } = step;
    if (event.type === 'SessionOpened' && event.root !== null) this.#root(event.root);
    if (event.type === 'RootReplaced') this.#successor(event.root);
    if (event.type === 'JoinRequested') {
      const { join, kind, caller, leafAddress, link } = event;
      this.#joins.set(join, leafAddress);
      this.#endpoint(leafAddress, number);
      if (kind !== 'invitation') this.#leaf(caller, leafAddress);
      if (link !== null) this.#parts.set(link, { role: 'link', endpoint: leafAddress });
    }
    if (event.type === 'JoinFailed' || event.type === 'JoinCancelled') {
      this.#ends.set(event.join, { step, event });
    }
    if (event.type === 'LeafAdmitted') {
      this.#ends.set(event.join, { step, event });
      const endpoint = this.endpointOf(event.join);
      if (endpoint === null) return;
      this.#leaf(event.leaf, endpoint);
      if (event.link !== null) this.#parts.set(event.link, { role: 'link', endpoint });
    }
  }

  // What a command names, and no event does: refused callers, and the listeners of invited leaves.
  #hear(command: SessionCommand, number: number): void {
    if (command.type === 'OpenSession' && command.root !== null) this.#root(command.root);
    if (command.type === 'RequestJoin') {
      this.#endpoint(command.leafAddress, number);
      this.#leaf(command.caller, command.leafAddress);
    }
    if (command.type === 'InviteLeaf') this.#endpoint(command.leafAddress, number);
    if (
      command.type === 'AcceptJoin' ||
      command.type === 'RejectJoin' ||
      command.type === 'DeferJoin'
    ) {
      const endpoint = this.endpointOf(command.join);
      const { acceptor } = command;
      if (endpoint === null || acceptor === null || this.#parts.has(acceptor)) return;
      if (endpoint.startsWith(`${socketParts(acceptor).node}:`)) this.#leaf(acceptor, endpoint);
    }
  }

  // Its links are named after the joins of those who are members then.
  #successor(root: SocketId): void {
    this.#root(root);
    for (const [join, endpoint] of this.#joins) {
      if (this.#ends.get(join)?.event.type !== 'LeafAdmitted') continue;
      this.#parts.set(linkMadeFor(root, join), { role: 'link', endpoint });
    }
  }

  #root(socket: SocketId): void {
    this.#parts.set(socket, { role: 'root' });
  }

  #leaf(socket: SocketId, endpoint: NodeAddress): void {
    this.#parts.set(socket, { role: 'leaf', endpoint });
  }

  #endpoint(address: NodeAddress, number: number): void {
    if (!this.#endpoints.has(address)) this.#endpoints.set(address, number);
  }
}

/** Whether an endpoint has a member in the session. */
export const isMemberAt = (session: Session, endpoint: NodeAddress): boolean =>
  session.phase === 'open' && session.leavesByAddress.has(endpoint);
