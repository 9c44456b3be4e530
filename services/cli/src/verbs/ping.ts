import { dim, line, strong } from '@joinleaf/transcript';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { connectLive, type Live } from '../live.js';
import { suggest, type VerbContext } from '../verb.js';

/** What a service says of itself under `$SRV`. */
interface ServiceAnswer {
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly description: string;
  /** How long the answer took, in milliseconds. */
  readonly tookMs: number;
}

const listenMs = 500;
const nameColumns = 20;

/** `joinleaf ping`, `joinleaf info`: which services answer. */
export async function ping(context: VerbContext, verb: 'PING' | 'INFO'): Promise<ExitCode> {
  const { terminal, settings, world } = context;
  await using live = await connectLive(settings(), { role: 'auditor', signal: world.interrupted });
  const answers = await answersTo(live, verb, Math.min(listenMs, settings().timeoutMs));
  if (answers.length === 0) {
    throw new Trouble(exitCodes.notFound, 'no service answers', [
      `the server ${settings().servers.join(', ')} does; joinleaf's services do not run there`,
      'start them with `npm start`',
    ]);
  }
  print(context, answers, verb);
  if (terminal.format === 'page')
    suggest(context, verb === 'PING' ? 'joinleaf info' : 'joinleaf ls');
  return exitCodes.fine;
}

async function answersTo(
  { nc }: Live,
  verb: 'PING' | 'INFO',
  maxWait: number,
): Promise<readonly ServiceAnswer[]> {
  const startedAt = performance.now();
  const answers: ServiceAnswer[] = [];
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
  return answers.toSorted((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
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

function print(
  { terminal }: VerbContext,
  answers: readonly ServiceAnswer[],
  verb: 'PING' | 'INFO',
): void {
  switch (terminal.format) {
    case 'json':
      terminal.json({ schema: `joinleaf.${verb.toLowerCase()}/1`, services: answers });
      return;
    case 'ndjson':
      for (const answer of answers) terminal.record(answer);
      return;
    case 'plain':
      for (const { name, id, version, tookMs } of answers)
        terminal.fields([name, id, version, tookMs]);
      return;
    case 'page':
      terminal.page(
        answers.flatMap((answer) => [
          line(
            strong(answer.name.padEnd(nameColumns)),
            `${answer.version.padEnd(10)} ${String(answer.tookMs)} ms`,
            dim(`  ${answer.id}`),
          ),
          ...(verb === 'INFO' ? infoLines(answer) : []),
        ]),
      );
  }
}

const infoLines = ({ description, metadata }: ServiceAnswer) => [
  ...(description === '' ? [] : [line('  ', description)]),
  ...Object.entries(metadata).map(([key, value]) => line(dim(`  ${key.padEnd(14)}`), value)),
];
