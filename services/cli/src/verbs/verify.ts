import { checkChain } from '@joinleaf/event-log';
import { checkStreams, StreamUnusable } from '@joinleaf/jetstream-log';
import { bad, dim, good, line, strong, warn, wrap } from '@joinleaf/transcript';
import { jetstreamManager } from '@nats-io/jetstream';
import { readCaptureFile, troubleIn } from '../capture-file.js';
import { counted } from '../counted.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { histories, type HistoriesOptions } from '../histories.js';
import { connectLive, type Live } from '../live.js';
import type { Loaded } from '../sources.js';
import { parseTarget, type Target } from '../targets.js';
import { suggest, type VerbContext } from '../verb.js';

/** What is known of one thing that was checked. */
interface Finding {
  readonly what: string;
  readonly fine: boolean;
  readonly detail: string;
  /** Why it is not fine, one line each. */
  readonly problems: readonly string[];
}

/** `joinleaf verify SRC…`: is the log what was written? */
export async function verify(
  context: VerbContext,
  sources: readonly string[],
  options: HistoriesOptions,
): Promise<ExitCode> {
  const { terminal, world } = context;
  if (options.all !== true && sources.length === 0) {
    throw new Trouble(exitCodes.usage, 'no session and no capture is named', [
      'or all of them: --all',
    ]);
  }
  const targets = sources.map((source) => parseTarget(source, world.cwd));
  const findings: Finding[] = [];
  const find = (finding: Finding): void => {
    findings.push(finding);
    if (terminal.format === 'page') terminal.page(findingLines(finding, terminal.width));
  };
  for (const target of targets) if (target.kind === 'file') find(await fileFinding(target));
  const live = targets.flatMap((target) => (target.kind === 'session' ? [target.session] : []));
  if (live.length > 0 || options.all === true) {
    for (const finding of await streamFindings(context)) find(finding);
    let sound = 0;
    for await (const loaded of histories(context, live, options)) {
      const finding = sessionFinding(loaded);
      sound += finding.fine ? 1 : 0;
      if (options.all !== true || !finding.fine) find(finding);
      else findings.push(finding);
    }
    if (options.all === true) terminalSummary(context, sound, findings);
  }
  return conclude(context, findings);
}

function conclude(context: VerbContext, findings: readonly Finding[]): ExitCode {
  const { terminal } = context;
  const exitCode = findings.every(({ fine }) => fine) ? exitCodes.fine : exitCodes.integrity;
  switch (terminal.format) {
    case 'page':
      if (exitCode !== exitCodes.fine) {
        terminal.remark('what follows the damage in a session is not to be trusted');
      }
      break;
    case 'json':
      terminal.json({ schema: 'joinleaf.verify/1', fine: exitCode === exitCodes.fine, findings });
      break;
    case 'ndjson':
      for (const finding of findings) terminal.record(finding);
      break;
    case 'plain':
      for (const { what, fine, detail, problems } of findings) {
        terminal.fields([fine ? 'ok' : 'damaged', what, detail, problems.join('; ')]);
      }
  }
  return exitCode;
}

function terminalSummary(context: VerbContext, sound: number, findings: readonly Finding[]): void {
  if (context.terminal.format !== 'page') return;
  const damaged = findings.filter(({ fine, what }) => !fine && !what.startsWith('stream ')).length;
  context.terminal.page([
    line(
      good(`${counted(sound, 'session')} ok`),
      ' · ',
      damaged === 0 ? dim('0 damaged') : bad(`${String(damaged)} damaged`),
    ),
  ]);
  suggest(context, 'joinleaf replay --all');
}

function findingLines({ what, fine, detail, problems }: Finding, width: number | null) {
  const [first = '', ...rest] = wrap(detail, width === null ? null : width - what.length - 4);
  return [
    line(fine ? good('✔') : bad('✗'), ' ', strong(what), '  ', fine ? dim(first) : warn(first)),
    ...rest.map((part) => line('    ', fine ? dim(part) : warn(part))),
    ...problems.flatMap((problem) =>
      wrap(problem, width === null ? null : width - 4).map((part) => line('    ', part)),
    ),
  ];
}

async function fileFinding(target: Extract<Target, { kind: 'file' }>): Promise<Finding> {
  const read = await readCaptureFile(target.path);
  const { content, footer, manifest, verified, lines } = read;
  const trouble = troubleIn(read);
  const commits = content.sessions.reduce((sum, session) => sum + session.commits.length, 0);
  const chains = content.sessions.flatMap(chainProblems);
  const isBlind = manifest.redaction.data || manifest.redaction.names || manifest.redaction.ids;
  const bytes = isBlind
    ? 'chain recorded, bytes redacted'
    : `${String(verified)} of ${counted(commits, 'commit')} checked against their hash`;
  const problems = [...(trouble === null ? [] : [trouble]), ...chains];
  return {
    what: target.name,
    fine: problems.length === 0 && footer !== null,
    detail: `${counted(lines, 'line')}, ${counted(content.sessions.length, 'session')}, ${counted(commits, 'commit')}; ${bytes}`,
    problems,
  };
}

function chainProblems({ session, commits }: Loaded['history']): readonly string[] {
  const chain = checkChain(commits);
  if (chain.ok) return [];
  const { revision, kind, detail } = chain.error;
  return [`${session}: ${kind} at revision ${String(revision)}: ${detail}`];
}

function sessionFinding({ history, trouble }: Loaded): Finding {
  const problems = [...chainProblems(history), ...(trouble === null ? [] : [trouble])];
  const head = history.commits.at(-1);
  const detail =
    head === undefined
      ? 'no commits'
      : `${counted(history.commits.length, 'commit')}, chain ends in ${head.hash.slice(0, 12)}`;
  return { what: history.session, fine: problems.length === 0, detail, problems };
}

async function streamFindings(context: VerbContext): Promise<readonly Finding[]> {
  const { settings, world } = context;
  await using live = await connectLive(settings(), { role: 'auditor', signal: world.interrupted });
  const replicas = await replicasOf(live);
  try {
    const streams = await checkStreams(live.nc, live.subjects, { replicas });
    return Object.values(streams).map(({ name, created, lastSequence }) => ({
      what: `stream ${name}`,
      fine: true,
      detail: `settings ok, R${String(replicas)}, ${counted(lastSequence, 'message')} since ${created.slice(0, 10)}`,
      problems: [],
    }));
  } catch (error) {
    if (!(error instanceof StreamUnusable)) throw error;
    const problems = error.differences.map(
      ({ field, found, wanted }) =>
        `${field} is ${JSON.stringify(found ?? null)} and must be ${JSON.stringify(wanted ?? null)}`,
    );
    return [
      { what: `stream ${error.stream}`, fine: false, detail: 'is not what it must be', problems },
    ];
  }
}

// How many copies there are is for the operator to choose; all streams are to have as many.
async function replicasOf({ nc, subjects }: Live): Promise<number> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const name = subjects.streams.events;
  try {
    const { config } = await manager.streams.info(name);
    return config.num_replicas;
  } catch {
    throw new Trouble(exitCodes.notFound, `there is no stream ${name}`, [
      `no service of realm ${subjects.realm} has ever run at this server`,
    ]);
  }
}
