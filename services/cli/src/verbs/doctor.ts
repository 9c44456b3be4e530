import { reportStreams, type StreamReports, type StreamRole } from '@joinleaf/jetstream-log';
import { bad, dim, good, line, strong, warn, wrap, type Line } from '@joinleaf/transcript';
import { askServices } from '../ask-services.js';
import { examineBroker } from '../doctor/examine-broker.js';
import { examineNodes, examineParked } from '../doctor/examine-rest.js';
import { examineServices } from '../doctor/examine-services.js';
import { examineStreams } from '../doctor/examine-streams.js';
import { bad as badSign, type Sign } from '../doctor/sign.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { connectLive, reasonOf, type Live } from '../live.js';
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
  return [
    ...(await guarded('broker', () => examineBroker(open, () => world.now()))),
    ...(await examineLog(context, open)),
    ...(await guarded('parked messages', () => examineParked(open, signal))),
  ];
}

async function examineLog({ world }: VerbContext, live: Live): Promise<readonly Sign[]> {
  let reports: StreamReports = { streams: [], missing: [] };
  const streams = await guarded('streams', async () => {
    reports = await reportStreams(live.nc, live.subjects);
    return examineStreams(live, reports);
  });
  const ofRole = (role: StreamRole) => reports.streams.find((stream) => stream.role === role);
  const askedAt = world.now();
  const answers = await askServices(live, 'PING');
  const answeredAt = world.now();
  const isSound = !streams.some(({ state }) => state === 'bad');
  const mayStart = isSound || reports.streams.length === 0;
  const logEnd = ofRole('events')?.lastSequence ?? null;
  return [
    ...streams,
    ...examineServices({ answers, askedAt, answeredAt, logEnd, mayStart }),
    ...(ofRole('nodes') === undefined
      ? []
      : await guarded('nodes', () => examineNodes(live, world.interrupted, world.now()))),
  ];
}

// What cannot be examined is a sign too, and the rest of the page is wanted all the more.
async function guarded(
  what: string,
  work: () => Promise<readonly Sign[]>,
): Promise<readonly Sign[]> {
  try {
    return await work();
  } catch (error) {
    const next = 'without a majority of its servers a cluster answers nothing: nats server ls';
    return [badSign(what, `cannot be asked: ${reasonOf(error)}`, next)];
  }
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
