import { join } from 'node:path';
import { places, Program } from '@joinleaf/launcher';
import type { Agent, ConnectOptions } from '@joinleaf/testcontainers';
import { eventually, within } from '../deployment/eventually.js';
import type { Step } from './scenario-file.js';

/** How an action ended: `connected`, `refused WSAEALREADY R50`, `closed` and the code of FD_CLOSE. */
export interface Outcome {
  readonly kind: string;
  readonly code?: string | null;
  readonly rule?: string;
  readonly message?: string;
}

/** Somebody in a scenario. */
export interface Player {
  act(session: string, step: Step): Promise<Outcome>;
  kill(): Promise<void>;
  leave(): Promise<void>;
}

const graceMs = 3_000;
const actor = join(places.root, 'services/cli/dist/demo/actor.js');

/** A program on this machine, a process of its own with the client in it. It takes orders line by line. */
export class HostProgram implements Player {
  readonly #program: Program;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  #orders = 0;

  static async enter(options: ConnectOptions, boundMs: number | null): Promise<HostProgram> {
    const { node, realm, ...credentials } = options;
    const player = new HostProgram(node);
    const entered = await player.#order({ kind: 'enter', node, realm, credentials, boundMs });
    if (entered.kind === 'done') return player;
    await player.kill();
    throw new Error(`${node} did not enter: ${entered.message ?? entered.kind}`);
  }

  private constructor(name: string) {
    this.#program = new Program({
      name,
      words: [actor],
      environment: process.env,
      onLine: (line, from) => {
        if (from === 'stdout') this.#hear(line);
      },
    });
    this.#program.lives.catch((error: unknown) => {
      for (const settle of this.#waiting.values())
        settle({ kind: 'broken', message: String(error) });
    });
  }

  act(session: string, { expect: _, ...step }: Step): Promise<Outcome> {
    return this.#order({ kind: 'act', session, step });
  }

  async kill(): Promise<void> {
    await this.#program.kill();
  }

  async leave(): Promise<void> {
    await this.#program.hangUp(graceMs);
  }

  #order(order: object): Promise<Outcome> {
    this.#orders += 1;
    const id = this.#orders;
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#waiting.set(id, resolve);
    this.#program.write(JSON.stringify({ ...order, id }));
    return within(`${this.#program.name}: ${JSON.stringify(order)}`, promise, 15_000);
  }

  #hear(line: string): void {
    const { id, outcome } = JSON.parse(line) as { readonly id: number; readonly outcome: Outcome };
    this.#waiting.get(id)?.(outcome);
    this.#waiting.delete(id);
  }
}

interface Membership {
  readonly id: string;
  readonly session: string;
  readonly state: string;
  readonly code?: string | null;
}

/** A leaf agent in a container, which answers by itself, and is asked over HTTP what its endpoints heard. */
export class ContainedAgent implements Player {
  constructor(private readonly agent: Agent) {}

  async act(session: string, { action }: Step): Promise<Outcome> {
    if (action === 'hear') {
      const last = await eventually('the membership is over', async () => {
        const membership = (await this.#memberships(session)).at(-1);
        return membership?.state === 'over' ? membership : null;
      });
      return { kind: 'closed', code: last.code ?? null };
    }
    const member = (await this.#memberships(session)).find(({ state }) => state === 'member');
    if (action !== 'leave' || member === undefined) return { kind: 'broken' };
    const { url, headers } = this.agent;
    await fetch(`${url}/v1/memberships/${member.id}`, { method: 'DELETE', headers });
    return { kind: 'done' };
  }

  async kill(): Promise<void> {
    await this.agent.part.kill();
  }

  async leave(): Promise<void> {
    await this.agent.part.remove();
  }

  async #memberships(session: string): Promise<readonly Membership[]> {
    const { url, headers } = this.agent;
    const answer = await fetch(`${url}/v1/memberships`, { headers });
    const all = (await answer.json()) as readonly Membership[];
    return all.filter((membership) => membership.session === session);
  }
}
