import { reportStreams } from '@joinleaf/jetstream-log';
import { bad, dim, good, line, strong, warn, wrap, type Line } from '@joinleaf/transcript';
import { askServices } from '../ask-services.js';
import { examineBroker } from '../doctor/examine-broker.js';
import { examineNodes, examineParked } from '../doctor/examine-rest.js';
import { examineServices } from '../doctor/examine-services.js';
import { examineStreams } from '../doctor/examine-streams.js';
import { bad as badSign, type Sign } from '../doctor/sign.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { connectLive, type Live } from '../live.js';
import type { VerbContext } from '../verb.js';

/** `joinleaf doctor`: one page for whoever is on call: what is well, what is not, and what to do next. */
export async function doctor(context: VerbContext): Promise<ExitCode> {
  const signs = await examine(context);
  const exitCode = signs.some(({ state }) => state === 'bad') ? exitCodes.failure : exitCodes.fine;
  const { terminal } = context;
  switch (terminal.format) {
    case 'json':
      terminal.json({
        schema: 'joinleaf.doctor/1',
        fine: exitCode === exitCodes.fine,
        signs,
      });
      break;
    case 'ndjson':
      for (const sign of signs) terminal.record(sign);
      break;
    case 'plain':
      for (const { state, what, detail, next } of signs) {
        terminal.fields([state, what, detail, next ?? '']);
      }
      break;
    case 'page':
      terminal.page(signs.flatMap((sign) => signLines(sign, terminal.width)));
      terminal.page([summaryLine(signs)]);
  }
  return exitCode;
}

async function examine(context: VerbContext): Promise<readonly Sign[]> {
  const { settings, world } = context;
  const signal = world.interrupted;
  let live: Live;
  try {
    live = await connectLive(settings(), { role: 'auditor', signal });
  } catch (error) {
    // A doctor who cannot get in says that, and does not merely fail.
    if (!(error instanceof Trouble) || error.exitCode !== exitCodes.unknown) throw error;
    return [badSign('broker', error.message, error.hints.join('; '))];
  }
  await using open = live;
  const reports = await reportStreams(open.nc, open.subjects);
  const log = reports.streams.find(({ role }) => role === 'events');
  const askedAt = world.now();
  const answers = await askServices(open, 'PING');
  const answeredAt = world.now();
  return [
    ...(await examineBroker(open, () => world.now())),
    ...(await examineStreams(open, reports)),
    ...examineServices({ answers, askedAt, answeredAt, logEnd: log?.lastSequence ?? null }),
    ...(await examineParked(open, signal)),
    ...(reports.streams.some(({ role }) => role === 'nodes')
      ? await examineNodes(open, signal, world.now())
      : []),
  ];
}

const marks = { ok: good('ok  '), look: warn('look'), bad: bad('bad ') } as const;
const whatColumns = 26;

function signLines({ state, what, detail, next }: Sign, width: number | null): readonly Line[] {
  const name = `${what} `.padEnd(whatColumns);
  const room = width === null ? null : Math.max(20, width - whatColumns - 7);
  const [first = '', ...rest] = wrap(detail, room);
  const indent = ' '.repeat(whatColumns + 6);
  return [
    line(marks[state], '  ', strong(name), state === 'ok' ? dim(first) : first),
    ...rest.map((part) => line(indent, state === 'ok' ? dim(part) : part)),
    ...wrap(next === null ? '' : `→ ${next}`, room)
      .filter((part) => part !== '')
      .map((part) => line(indent, warn(part))),
  ];
}

function summaryLine(signs: readonly Sign[]): Line {
  const count = (state: Sign['state']): number =>
    signs.filter((sign) => sign.state === state).length;
  const [looks, bads] = [count('look'), count('bad')];
  return line(
    good(`${String(count('ok'))} ok`),
    ' · ',
    looks === 0 ? dim('0 to look at') : warn(`${String(looks)} to look at`),
    ' · ',
    bads === 0 ? dim('0 bad') : bad(`${String(bads)} bad`),
  );
}
