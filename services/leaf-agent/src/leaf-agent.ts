import { setTimeout as sleep } from 'node:timers/promises';
import type { Invitation, Joinleaf } from '@joinleaf/client';
import type { Endpoint } from './endpoint.js';
import type { Membership, Memberships } from './memberships.js';

/** For the streams of events to tell that they end, before their connections are cut. */
const streamsEndMs = 50;

/** A node that keeps endpoints for programs that do not embed the client. */
export class LeafAgent {
  #closing = false;

  constructor(
    private readonly jl: Pick<Joinleaf, 'close'>,
    private readonly endpoints: ReadonlyMap<string, Endpoint>,
    readonly memberships: Memberships,
    private readonly ended: AbortController,
  ) {}

  get isClosing(): boolean {
    return this.#closing;
  }

  listEndpoints(): readonly Endpoint[] {
    return [...this.endpoints.values()];
  }

  endpoint(name: string): Endpoint | undefined {
    return this.endpoints.get(name);
  }

  membership(id: string): Membership | undefined {
    return this.memberships.find(id);
  }

  /** A waiting invitation, and the endpoint it is for. */
  invitation(
    id: string,
  ): { readonly endpoint: Endpoint; readonly invitation: Invitation } | undefined {
    for (const endpoint of this.endpoints.values()) {
      const invitation = endpoint.invitation(id);
      if (invitation !== undefined) return { endpoint, invitation };
    }
    return undefined;
  }

  start(): void {
    for (const endpoint of this.endpoints.values()) endpoint.start();
  }

  /** Closes every socket, so that the other ends hear FD_CLOSE, and then tells no more events. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.ended.abort();
    await this.jl.close();
    for (const { feed } of this.endpoints.values()) feed.close();
    await sleep(streamsEndMs);
  }
}
