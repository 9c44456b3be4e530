import { isRedacted } from '@joinleaf/capture';
import { day, timeOfDay } from '@joinleaf/replay';
import { bad, dim, good, line, strong } from '@joinleaf/transcript';
import { notRecomputed, readCaptureFile, troubleIn } from '../capture-file.js';
import { counted } from '../counted.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { parseTarget, shellName } from '../targets.js';
import { suggest, type VerbContext } from '../verb.js';
import { redactionLines } from './export.js';

/** `joinleaf inspect FILE`: what is in a capture, before it is sent or believed. */
export async function inspect(context: VerbContext, file: string): Promise<ExitCode> {
  const target = parseTarget(file, context.world.cwd);
  if (target.kind !== 'file') {
    throw new Trouble(exitCodes.usage, `${JSON.stringify(file)} is no capture`, [
      'a capture is a file that ends in .jlcap',
    ]);
  }
  const read = await readCaptureFile(target.path);
  const { manifest, footer, content, problem, verified, lines } = read;
  const trouble = troubleIn(read);
  const exitCode = trouble === null ? exitCodes.fine : exitCodes.integrity;
  const { terminal } = context;
  const sessions = content.sessions.map(({ session, commits, refusals }) => ({
    session,
    commits: commits.length,
    refusals: refusals.length,
  }));
  if (terminal.format !== 'page') {
    const found = {
      manifest,
      footer,
      sessions,
      nodes: content.nodes.length,
      lines,
      verified,
      problem,
    };
    terminal.json({ schema: 'joinleaf.inspect/1', path: target.path, ...found });
    return exitCode;
  }
  const { createdAt, tool, version, realm, deciders } = manifest;
  terminal.page([
    line(strong(file), `  capture, format ${String(version)}`),
    line(dim('written        '), `${day(createdAt)} ${timeOfDay(createdAt)} UTC by ${tool}`),
    line(dim('from           '), realm === null ? 'a realm that is not named' : `realm ${realm}`),
    line(dim('decided by     '), deciders.join(', ') || 'nobody'),
    ...sessions.map(({ session, commits, refusals }, index) =>
      line(
        dim(index === 0 ? 'sessions       ' : ' '.repeat(15)),
        `${session}  ${counted(commits, 'commit')}, ${counted(refusals, 'refusal')}`,
      ),
    ),
    line(
      dim('nodes          '),
      `${counted(content.nodes.length, 'record')} of when they started, stopped or were lost`,
    ),
    ...redactionLines(manifest.redaction, terminal.columns),
    trouble === null
      ? line(
          good('✔'),
          isRedacted(manifest.redaction)
            ? ` complete: ${counted(lines, 'line')}, with the hash of each commit; ${notRecomputed}`
            : ` complete: ${counted(lines, 'line')}, ${counted(verified, 'commit')} checked against their hash`,
        )
      : line(bad('✗'), ` ${trouble}`),
  ]);
  const name = shellName(target);
  suggest(context, `joinleaf replay ${name}`, `joinleaf ls ${name}`);
  return exitCode;
}
