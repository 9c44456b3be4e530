import {
  replacedLog,
  reportStreams,
  type StreamReport,
  type StreamReports,
} from '@joinleaf/jetstream-log';
import { copiesText, counted } from '../counted.js';
import { exitCodes, Trouble } from '../exit-codes.js';
import type { Live } from '../live.js';
import { finding, problemOf, type Finding, type Problem } from './finding.js';

/**
 * Whether the streams of a realm are set up as they must be, and the log is the one that the others were written beside.
 *
 * @throws Trouble (not found) when there is no log.
 */
export async function checkStreams(live: Live): Promise<readonly Finding[]> {
  const { subjects } = live;
  const reports = await reportStreams(live.nc, subjects);
  const log = reports.streams.find(({ role }) => role === 'events');
  if (log === undefined && reports.streams.length === 0) {
    throw new Trouble(exitCodes.notFound, `there is no stream ${subjects.streams.events}`, [
      `no service of realm ${subjects.realm} has ever run at this server`,
    ]);
  }
  return [
    ...reports.missing.map(missingFinding),
    ...(await Promise.all(reports.streams.map((report) => streamFinding(live, reports, report)))),
  ];
}

function missingFinding({ role, name }: StreamReports['missing'][number]): Finding {
  const isLost = role === 'events' || role === 'nodes';
  return isLost
    ? finding(`stream ${name}`, 'is not there', [
        problemOf(
          'missing',
          'the realm has streams beside it, and this one is gone',
          `restore ${name} from a backup before a service starts: one that finds no stream does not make it again`,
        ),
      ])
    : finding(`stream ${name}`, 'is not there', [], ['a service makes it when it starts']);
}

async function streamFinding(
  live: Live,
  reports: StreamReports,
  report: StreamReport,
): Promise<Finding> {
  const { name, role, differences, replicas, lastSequence, created } = report;
  const problems: Problem[] = differences.map(({ field, found, wanted }) =>
    problemOf(
      'settings',
      `${field} is ${JSON.stringify(found ?? null)} and must be ${JSON.stringify(wanted ?? null)}`,
      settingsNext(name, field),
    ),
  );
  const replaced = role === 'events' ? await replacedLog(live.nc, live.subjects, reports) : null;
  if (replaced !== null) {
    problems.push(
      problemOf(
        'replaced',
        replaced.reason,
        `stop the services, and restore ${name} from a backup; what is in it now is another history`,
        lastSequence,
      ),
    );
  }
  const count = counted(lastSequence, 'message');
  return problems.length === 0
    ? finding(
        `stream ${name}`,
        `settings ok, ${copiesText(replicas)}, ${count} since ${created.slice(0, 10)}`,
      )
    : finding(`stream ${name}`, 'is not what it must be', problems);
}

const settingsNext = (name: string, field: string): string =>
  field === 'num_deleted' || field === 'first_seq'
    ? `messages were taken out of ${name}: \`joinleaf verify --all\` says whose; restore it from a backup`
    : `put ${field} of ${name} right (nats stream edit); services do not start before`;
