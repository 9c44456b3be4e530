import { isRedacted } from '@joinleaf/capture';
import { checkChain } from '@joinleaf/event-log';
import { bad, dim, good, line, strong, warn, wrap, type Line } from '@joinleaf/transcript';
import { notRecomputed, readCaptureFile, troubleIn } from '../capture-file.js';
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
    for await (const one of checkRealm(context, options)) {
      // Of many sessions those are shown of which something has to be said.
      find(one, kindOf(one) !== 'session' || !one.fine || one.remarks.length > 0);
    }
  } else if (named.length > 0) {
    for await (const one of checkSessions(context, named)) find(one);
  }
  return conclude(context, findings);
}

function conclude(context: VerbContext, findings: readonly Finding[]): ExitCode {
  const { terminal } = context;
  const exitCode = findings.every(({ fine }) => fine) ? exitCodes.fine : exitCodes.integrity;
  switch (terminal.format) {
    case 'page':
      summary(context, findings);
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

// Everything that was checked is counted: a session may be sound, and the streams around it not.
function summary(context: VerbContext, findings: readonly Finding[]): void {
  const kinds = Map.groupBy(findings, kindOf);
  const parts = [...kinds].map(([kind, all]) => {
    const damaged = all.filter(({ fine }) => !fine).length;
    return damaged === 0
      ? good(soundWords(kind, all.length))
      : bad(damagedWords(kind, damaged, all.length));
  });
  const remarks = findings.filter((one) => one.remarks.length > 0).length;
  if (remarks > 0) parts.push(warn(`${String(remarks)} to look at`));
  context.terminal.page([
    line(...parts.flatMap((part, index) => (index === 0 ? [part] : [' · ', part]))),
  ]);
  if (!kinds.has('stream')) return;
  suggest(
    context,
    findings.every(({ fine }) => fine) ? 'joinleaf replay --all' : 'joinleaf doctor',
  );
}

type Kind = 'stream' | 'copies' | 'told' | 'capture' | 'session';

function kindOf({ what }: Finding): Kind {
  if (what.startsWith('stream ')) return 'stream';
  if (what.startsWith('copies of ')) return 'copies';
  if (what.startsWith('node ') || what === 'notifications') return 'told';
  return what.endsWith('.jlcap') || what.endsWith('.jlcap.gz') ? 'capture' : 'session';
}

function soundWords(kind: Kind, all: number): string {
  if (kind === 'copies') return 'copies alike';
  return kind === 'told' ? 'notifications ok' : `${counted(all, kind)} ok`;
}

function damagedWords(kind: Kind, damaged: number, all: number): string {
  if (kind === 'copies') return 'copies differ';
  if (kind === 'told') return `${counted(damaged, 'node')} told otherwise`;
  return `${String(damaged)} of ${counted(all, kind)} damaged`;
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
  const isBlind = isRedacted(manifest.redaction);
  const bytes = isBlind
    ? `hashes chain; ${notRecomputed}`
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
