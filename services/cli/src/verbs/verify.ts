import { checkChain } from '@joinleaf/event-log';
import { bad, dim, good, line, strong, warn, wrap, type Line } from '@joinleaf/transcript';
import { readCaptureFile, troubleIn } from '../capture-file.js';
import { checkRealm, checkSessions, type RealmOptions } from '../checks/check-realm.js';
import {
  finding,
  goodText,
  problemOf,
  problemText,
  type Finding,
  type Problem,
} from '../checks/finding.js';
import { counted } from '../counted.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import type { HistoriesOptions } from '../histories.js';
import type { Loaded } from '../sources.js';
import { parseTarget, type Target } from '../targets.js';
import { suggest, type VerbContext } from '../verb.js';

export type VerifyOptions = Pick<HistoriesOptions, 'all'> & RealmOptions;

/**
 * `joinleaf verify [SRC…]`: is the log what was written? Without a source everything that is stored: streams, every
 * session's chain and fold, and what nodes were told.
 */
export async function verify(
  context: VerbContext,
  sources: readonly string[],
  options: VerifyOptions,
): Promise<ExitCode> {
  const { terminal, world } = context;
  const isAll = options.all === true || sources.length === 0;
  const targets = sources.map((source) => parseTarget(source, world.cwd));
  const findings: Finding[] = [];
  const find = (one: Finding, isShown = true): void => {
    findings.push(one);
    if (isShown && terminal.format === 'page') terminal.page(findingLines(one, terminal.width));
  };
  for (const target of targets) if (target.kind === 'file') find(await fileFinding(target));
  const named = targets.flatMap((target) => (target.kind === 'session' ? [target.session] : []));
  if (isAll) {
    let sound = 0;
    for await (const one of checkRealm(context, options)) {
      const isSession = isOfSession(one);
      sound += isSession && one.fine ? 1 : 0;
      // Of many sessions those are shown of which something has to be said.
      find(one, !isSession || !one.fine || one.remarks.length > 0);
    }
    summary(context, sound, findings);
  } else if (named.length > 0) {
    for await (const one of checkSessions(context, named)) find(one);
  }
  return conclude(context, findings);
}

const isOfSession = ({ what }: Finding): boolean => !what.includes(' ') && what !== 'notifications';

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
      for (const one of findings) terminal.record(one);
      break;
    case 'plain':
      for (const { what, fine, detail, problems } of findings) {
        const words = problems.map(problemText).join('; ');
        terminal.fields([fine ? 'ok' : 'damaged', what, detail, words]);
      }
  }
  return exitCode;
}

function summary(context: VerbContext, sound: number, findings: readonly Finding[]): void {
  if (context.terminal.format !== 'page') return;
  const damaged = findings.filter((one) => !one.fine && isOfSession(one)).length;
  context.terminal.page([
    line(
      good(`${counted(sound, 'session')} ok`),
      ' · ',
      damaged === 0 ? dim('0 damaged') : bad(`${String(damaged)} damaged`),
    ),
  ]);
  const isSound = findings.every(({ fine }) => fine);
  suggest(context, isSound ? 'joinleaf replay --all' : 'joinleaf doctor');
}

function findingLines(one: Finding, width: number | null): readonly Line[] {
  const { what, fine, detail, problems, remarks } = one;
  const room = (columns: number): number | null => (width === null ? null : width - columns);
  const [first = '', ...rest] = wrap(detail, room(what.length + 4));
  const indented = (text: string, paint: (part: string) => Line[number]): readonly Line[] =>
    wrap(text, room(4)).map((part) => line('    ', paint(part)));
  const plain = (text: string): Line[number] => ({ text, tone: 'plain' });
  return [
    line(fine ? good('✔') : bad('✗'), ' ', strong(what), '  ', fine ? dim(first) : warn(first)),
    ...rest.map((part) => line('    ', fine ? dim(part) : warn(part))),
    ...problems.flatMap((problem) => [
      ...indented(problemText(problem), plain),
      ...[goodText(problem), problem.next]
        .filter((text) => text !== null && text !== '')
        .flatMap((text) => indented(text ?? '', dim)),
    ]),
    ...remarks.flatMap((remark) => indented(remark, warn)),
  ];
}

async function fileFinding(target: Extract<Target, { kind: 'file' }>): Promise<Finding> {
  const read = await readCaptureFile(target.path);
  const { content, footer, manifest, verified, lines } = read;
  const trouble = troubleIn(read);
  const commits = content.sessions.reduce((sum, session) => sum + session.commits.length, 0);
  const isBlind = manifest.redaction.data || manifest.redaction.names || manifest.redaction.ids;
  const bytes = isBlind
    ? 'chain recorded, bytes redacted'
    : `${String(verified)} of ${counted(commits, 'commit')} checked against their hash`;
  const problems = [
    ...(trouble === null ? [] : [problemOf('capture', trouble, '')]),
    ...(footer === null && trouble === null ? [problemOf('capture', 'it has no end', '')] : []),
    ...content.sessions.flatMap(chainProblems),
  ];
  const sessions = counted(content.sessions.length, 'session');
  const detail = `${counted(lines, 'line')}, ${sessions}, ${counted(commits, 'commit')}; ${bytes}`;
  return finding(target.name, detail, problems);
}

function chainProblems({ session, commits }: Loaded['history']): readonly Problem[] {
  const chain = checkChain(commits);
  if (chain.ok) return [];
  const { revision, kind, detail } = chain.error;
  return [
    {
      kind,
      session,
      revision,
      sequence: null,
      detail: `${session}: ${detail}`,
      goodUpTo: null,
      next: '',
    },
  ];
}
