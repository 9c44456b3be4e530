import { connect as connectNode, type ConnectOptions, type Joinleaf } from '@joinleaf/client';
import { connectBroker, type Broker } from '@joinleaf/jetstream-log';
import type { Coordinator } from '@joinleaf/testcontainers';
import { Subjects } from '@joinleaf/wire';
import type { Deployment } from '../deployment/deployment.js';
import { readRecords } from '../deployment/read-records.js';
import type { Records } from '../deployment/records.js';

// A connection that was cut without a word is noticed after three pings, each a fifth of this: who is connected to a
// broker that is cut off comes back by another one before it counts as lost.
const boundMs = 5_000;

/** A coordinator in containers, as the checkers and the traffic of the other end-to-end tests use one. */
export class ContainedDeployment implements Pick<Deployment, 'connectNode' | 'records'> {
  readonly #nodes: Joinleaf[] = [];
  #reader: Broker | null = null;

  constructor(private readonly coordinator: Coordinator) {}

  async connectNode(node: string, options: Partial<ConnectOptions> = {}): Promise<Joinleaf> {
    const login = this.coordinator.connectOptions(node);
    const jl = await connectNode({ ...login, boundMs, ...options });
    this.#nodes.push(jl);
    return jl;
  }

  async records(): Promise<Records> {
    const { servers, services, realm } = this.coordinator;
    this.#reader ??= await connectBroker({ servers, ...services, name: 'records' });
    return readRecords(this.#reader.nc, new Subjects(realm));
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#nodes.map((node) => node.close()));
    await this.#reader?.close();
  }
}
