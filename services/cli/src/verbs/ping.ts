import { dim, line, strong } from '@joinleaf/transcript';
import { askServices, type ServiceAnswer } from '../ask-services.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { connectLive } from '../live.js';
import { suggest, type VerbContext } from '../verb.js';

const nameColumns = 20;

/** `joinleaf ping`, `joinleaf info`: which services answer. */
export async function ping(context: VerbContext, verb: 'PING' | 'INFO'): Promise<ExitCode> {
  const { terminal, settings, world } = context;
  await using live = await connectLive(settings(), { role: 'auditor', signal: world.interrupted });
  const answers = await askServices(live, verb);
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
