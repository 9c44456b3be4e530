import { setTimeout as delay } from 'node:timers/promises';
import { isWsaCode, type WsaCode } from '@joinleaf/multipoint';
import { z } from 'zod';
import type { Outcome } from './actor-protocol.js';
import type { Player } from './play.js';
import type { Step } from './scenario.js';

const lookAgainMs = 20;
const answerMs = 10_000;

const membership = z.object({
  id: z.string(),
  session: z.string(),
  state: z.string(),
  code: z
    .custom<WsaCode>((text) => typeof text === 'string' && isWsaCode(text))
    .nullable()
    .optional(),
});
type Membership = z.output<typeof membership>;

/** A leaf agent in a scenario. It answers by itself; what its endpoints hear, its HTTP edge tells. */
export class AgentPlayer implements Player {
  constructor(private readonly url: string) {}

  async act(session: string, step: Step): Promise<Outcome> {
    try {
      if (step.action === 'hear') return await this.#hear(session);
      if (step.action === 'leave') return await this.#leave(session);
      return { kind: 'broken', message: 'an agent only hears and leaves' };
    } catch (error) {
      return { kind: 'broken', message: error instanceof Error ? error.message : String(error) };
    }
  }

  kill(): Promise<void> {
    return Promise.resolve();
  }

  async #hear(session: string): Promise<Outcome> {
    const deadline = performance.now() + answerMs;
    while (performance.now() < deadline) {
      const last = (await this.#memberships(session)).at(-1);
      if (last?.state === 'over') return { kind: 'closed', code: last.code ?? null };
      await delay(lookAgainMs);
    }
    return { kind: 'broken', message: `nothing happened within ${String(answerMs / 1_000)} s` };
  }

  async #leave(session: string): Promise<Outcome> {
    const member = (await this.#memberships(session)).find(({ state }) => state === 'member');
    if (member === undefined) return { kind: 'broken', message: 'it is no member' };
    const { ok, status } = await fetch(`${this.url}/v1/memberships/${member.id}`, {
      method: 'DELETE',
    });
    return ok ? { kind: 'done' } : { kind: 'broken', message: `it answered ${String(status)}` };
  }

  async #memberships(session: string): Promise<readonly Membership[]> {
    const response = await fetch(`${this.url}/v1/memberships`);
    const all = z.array(membership).parse(await response.json());
    return all.filter((each) => each.session === session);
  }
}
