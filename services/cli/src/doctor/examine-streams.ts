import { replacedLog, type StreamReport, type StreamReports } from '@joinleaf/jetstream-log';
import { copiesText, counted } from '../counted.js';
import type { Live } from '../live.js';
import { fullness, sizeText } from './examine-broker.js';
import { bad, look, ok, type Sign } from './sign.js';

const lagLook = 1_000;

/** The streams: whether they are what they must be, how full they are, and how their copies stand. */
export async function examineStreams(live: Live, reports: StreamReports): Promise<readonly Sign[]> {
  if (reports.streams.length === 0) {
    const { realm } = live.subjects;
    const detail = `realm ${realm} has none: no service of it has ever run at this server`;
    return [bad('streams', detail, 'start a session service, or name another realm: --realm')];
  }
  const replaced = await replacedLog(live.nc, live.subjects, reports);
  const missing = reports.missing.filter(({ role }) => role !== 'events' || replaced === null);
  return [
    ...missing.map(({ role, name }) =>
      role === 'events'
        ? bad(name, 'there is no log', 'if there was one, restore it before a service starts')
        : look(name, 'is not there', 'start a session service: it makes the streams of its realm'),
    ),
    ...(replaced === null
      ? []
      : [
          bad(
            'the log',
            replaced.reason,
            'stop the services and restore it from a backup; joinleaf verify --all says what is lost',
          ),
        ]),
    ...reports.streams.flatMap(streamSigns),
  ];
}

/** What there is to say of one stream. */
export function streamSigns(report: StreamReport): readonly Sign[] {
  const { name, differences, messages, bytes, bytesMax, replicas } = report;
  const signs: Sign[] = differences.map(({ field, found, wanted }) =>
    bad(
      name,
      `${field} is ${JSON.stringify(found ?? null)} and must be ${JSON.stringify(wanted ?? null)}`,
      'put it right: services do not start on it; joinleaf verify --all says what is lost',
    ),
  );
  signs.push(...copySigns(report));
  if (bytesMax > 0) {
    const full = fullness(name, bytes, bytesMax, name);
    if (full.state !== 'ok') signs.push(full);
  }
  if (signs.length > 0) return signs;
  const size = `${counted(messages, 'message')}, ${sizeText(bytes)}`;
  return [ok(name, `as it must be, ${copiesText(replicas)}, ${size}`)];
}

function copySigns({ name, isClustered, leader, copies, replicas }: StreamReport): readonly Sign[] {
  if (!isClustered) return [];
  if (leader === null) {
    return [bad(name, 'has no leader', 'too few of its servers are up: nats server ls')];
  }
  const away = copies.filter(({ isOffline, isCurrent }) => isOffline || !isCurrent);
  const slow = copies.filter(({ lag, isOffline }) => !isOffline && lag > lagLook);
  const signs: Sign[] = [];
  if (away.length > 0) {
    const names = away.map(({ server }) => server).join(', ');
    const left = replicas - away.length;
    const majority = Math.floor(replicas / 2) + 1;
    const detail = `${String(left)} of ${String(replicas)} copies are current; not ${names}`;
    const next = `bring ${names} back: with fewer than ${String(majority)} nothing is decided`;
    signs.push(left < majority ? bad(name, detail, next) : look(name, detail, next));
  }
  for (const { server, lag } of slow) {
    signs.push(
      look(name, `${server} is ${counted(lag, 'operation')} behind ${leader}`, `look at ${server}`),
    );
  }
  return signs;
}
