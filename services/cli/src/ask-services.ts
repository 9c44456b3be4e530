import type { Live } from './live.js';

/** What a service says of itself under `$SRV`. */
export interface ServiceAnswer {
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly description: string;
  /** How long the answer took, in milliseconds. */
  readonly tookMs: number;
}

const listenMs = 500;

/**
 * Asks the services of a realm who they are, and waits for half a second: nobody knows how many there are.
 *
 * @returns Their answers by name; none when nobody serves.
 */
export async function askServices(
  { nc, settings }: Live,
  verb: 'PING' | 'INFO',
): Promise<readonly ServiceAnswer[]> {
  const maxWait = Math.min(listenMs, settings.timeoutMs);
  const startedAt = performance.now();
  const answers: ServiceAnswer[] = [];
  // One that does not say its realm may serve ours.
  const isHere = ({ metadata: { realm } }: ServiceAnswer): boolean =>
    realm === undefined || realm === settings.realm;
  try {
    const replies = await nc.requestMany(`$SRV.${verb}`, '', { strategy: 'timer', maxWait });
    for await (const reply of replies) {
      const answer = answerIn(reply.string(), performance.now() - startedAt);
      if (answer !== null) answers.push(answer);
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'NoResponders') throw error;
  }
  // By name: who answers first is chance.
  return answers.filter(isHere).toSorted((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

function answerIn(text: string, tookMs: number): ServiceAnswer | null {
  try {
    const { name, id, version, metadata, description } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    if (typeof name !== 'string' || typeof id !== 'string') return null;
    const data = typeof metadata === 'object' && metadata !== null ? metadata : {};
    return {
      name,
      id,
      version: typeof version === 'string' ? version : '?',
      metadata: Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, String(value)]),
      ),
      description: typeof description === 'string' ? description : '',
      tookMs: Math.round(tookMs * 10) / 10,
    };
  } catch {
    return null;
  }
}
