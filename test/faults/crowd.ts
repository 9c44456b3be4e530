import { join } from 'node:path';
import { places, Program } from '@joinleaf/launcher';
import { eventually, within } from '../deployment/eventually.js';
import type { RawNode } from '../deployment/raw-node.js';
import { agentBoundMs, type World } from './world.js';

const size = 200;
let crowds = 0;

/** What the program of a crowd is told: where to connect, and what to join. */
export interface CrowdWish {
  readonly servers: readonly string[];
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly realm: string;
  readonly session: string;
  readonly names: readonly string[];
  readonly boundMs: number;
}

/** Many nodes in one process, all of them members of one session, which are gone at one stroke. */
export class Crowd implements AsyncDisposable {
  static async gather(world: World): Promise<Crowd> {
    crowds += 1;
    const session = `crowd-${String(crowds)}`;
    const host = await world.deployment.connectRaw(`${session}-host`);
    await host.start({ boundMs: 60_000 });
    const socket = host.socket();
    await host.ask(session, 'open', { socket, policy: { admit: 'auto' } });
    await host.ask(session, 'listen', { socket, backlog: 10 });
    const names = Array.from({ length: size }, (_, index) => `${session}-${String(index + 1)}`);
    const { servers, user, pass } = world.deployment.broker.credentials.nodes;
    const { realm } = world.deployment;
    const wish: CrowdWish = { servers, user, pass, realm, session, names, boundMs: agentBoundMs };
    const joined = Promise.withResolvers<undefined>();
    const program = new Program({
      name: session,
      words: [join(places.root, 'test/dist/faults/crowd-main.js'), JSON.stringify(wish)],
      environment: process.env,
      onLine: (line) => {
        if (line === 'joined') joined.resolve(undefined);
      },
    });
    await within('the crowd has joined', Promise.race([joined.promise, program.lives]), 60_000);
    return new Crowd(world, host, program, names);
  }

  private constructor(
    private readonly world: World,
    private readonly host: RawNode,
    private readonly program: Program,
    private readonly names: readonly string[],
  ) {}

  /** Kills them all, and waits until everybody who has to know does. */
  async vanish(): Promise<readonly string[]> {
    const { detections } = this.world;
    await this.program.kill();
    for (const name of this.names) detections.died(name);
    const patience = { withinMs: 60_000 };
    try {
      await eventually('every loss is on record', () => detections.unnoticed === 0, patience);
      await eventually('the host hears of each', () => this.#closes().length === size, patience);
    } catch (error) {
      return [String(error)];
    }
    const once = new Set(this.#closes()).size;
    return once === size
      ? []
      : [`the host hears of ${String(once)} links that ${String(size)} end`];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.kill();
    await this.host.tell('stop');
    await this.host.close();
  }

  #closes(): readonly string[] {
    return this.host.heard.filter(({ kind }) => kind === 'FD_CLOSE').map(({ to }) => to);
  }
}
