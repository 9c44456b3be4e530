import { socketAt, type Descriptor, type Heard, type NodeAddress } from '@joinleaf/multipoint';
import type { CallOptions, Invitation, Listener } from './api.js';
import { MemberLeaf } from './member-leaf.js';
import type { Provider, SocketOwner } from './provider.js';
import { Requests } from './requests.js';
import { LeafInvitation } from './waiting-join.js';

/** An endpoint of this node that roots may invite. */
export class EndpointListener implements Listener, SocketOwner {
  readonly address: NodeAddress;
  readonly port: number;
  readonly #invitations: Requests<LeafInvitation>;
  #isOpen = true;

  constructor(
    private readonly provider: Provider,
    readonly descriptor: Descriptor,
  ) {
    this.address = localOf(provider, descriptor);
    this.port = Number(this.address.split(':')[1]);
    this.#invitations = new Requests(provider.counters);
    provider.own(descriptor, this);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  invitations(): AsyncIterableIterator<Invitation, undefined> {
    return this.#invitations.read();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Invitation, undefined> {
    return this.invitations();
  }

  close(options: CallOptions = {}): Promise<void> {
    return this.provider.close(this.descriptor, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  heard(what: Heard): void {
    if (what.kind === 'FD_ACCEPT') this.#asked(what);
    if (what.kind === 'WITHDRAWN') {
      this.#invitations.withdraw(what);
      this.provider.forget(this.descriptor, what);
    }
    if (what.kind === 'FD_CLOSE') void this.provider.release(this.descriptor);
  }

  closedHere(): void {
    this.#isOpen = false;
    this.#invitations.end();
  }

  #asked(what: Extract<Heard, { kind: 'FD_ACCEPT' }>): void {
    const { provider, descriptor: socket } = this;
    const accepted = (descriptor: Descriptor, { session }: { readonly session: string }) => {
      const serial = String(descriptor);
      return new MemberLeaf({ provider, descriptor, serial, session }, this.address);
    };
    this.#invitations.add(new LeafInvitation({ provider, socket, accepted }, what));
  }
}

/** Where a socket of ours is bound. */
export function localOf(provider: Provider, descriptor: Descriptor): NodeAddress {
  const socket = socketAt(provider.state, descriptor);
  if (socket?.kind !== 'leaf' || socket.local === null) {
    throw new Error(`socket ${String(descriptor)} is bound`);
  }
  return socket.local;
}
