import type { RefusalRecord } from '@joinleaf/event-log';
import { isSessionAddress } from '@joinleaf/multipoint';
import {
  basedOn,
  basisText,
  Cast,
  commandIdOf,
  compareBases,
  explain,
  findStep,
  parseQuestion,
  PartCast,
  recordNumbered,
  revisionsBetween,
  steps,
  stepsOfPart,
  type Explanation,
  type Question,
  type Step,
  type Wanted,
} from '@joinleaf/replay';
import { whyPage, type Line } from '@joinleaf/transcript';
import type { LoadedPart, Parts } from '../checkpoints/loaded-part.js';
import { openParts } from '../checkpoints/parts.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { sessionOfCommand } from '../find-command.js';
import { withoutData } from '../record-json.js';
import type { Loaded } from '../sources.js';
import { parsePlace, type Target } from '../targets.js';
import { suggest, tellingOf, warnOf, type SourceOptions, type VerbContext, next } from '../verb.js';

export type WhyOptions = SourceOptions;

/**
 * `joinleaf why REQ`: what made a command pass or not. REQ is `conf-7#6`, `conf-7@5.2`, a session (its last
 * refusal), or a command id; `joinleaf why conf-7 ID` spares the search for it.
 */
export async function why(
  context: VerbContext,
  request: string,
  commandId: string | undefined,
  options: WhyOptions,
): Promise<ExitCode> {
  const { target, question } = await meant(context, request, commandId);
  await using parts = await openParts(context, target, options);
  const found = (await inPart(parts, question)) ?? (await inWhole(parts, question));
  let told = explained(context, found, options);
  // It speaks of somebody whom only the whole history knows.
  if (found.cast instanceof PartCast && found.cast.isAtLoss) {
    told = explained(context, await inWhole(parts, question), options);
  }
  const { terminal } = context;
  const exitCode = warnOf(context, told.source);
  if (terminal.format !== 'page') {
    const json = { schema: 'joinleaf.why/1', ...told.explanation };
    terminal.json(options.reveal === true ? json : withoutData(json));
  } else {
    terminal.page(told.page);
    suggestNext(context, told);
  }
  return exitCode;
}

/** The record that is asked about, with those around it. */
interface Found {
  readonly source: LoadedPart['source'];
  readonly step: Step;
  readonly all: readonly Step[];
  readonly cast: Cast;
}

interface Told extends Found {
  readonly explanation: Explanation;
  readonly page: readonly Line[];
}

function explained(context: VerbContext, found: Found, options: WhyOptions): Told {
  const { source, step, cast } = found;
  const explanation = explain(step, cast);
  const telling = { ...tellingOf(context, source, options), width: context.terminal.columns };
  return { ...found, explanation, page: whyPage(explanation, cast, telling) };
}

/** Null where the part in which the record should be does not have it, or where it may be in any part. */
async function inPart(parts: Parts, question: Question): Promise<Found | null> {
  const wanted = wantedFor(question, await parts.refusals());
  if (wanted === null) return null;
  const part = await parts.part(wanted);
  const all = stepsOfPart(part);
  const step = findStep(all, question);
  return step === undefined
    ? null
    : { source: part.source, step, all, cast: new PartCast(part, all) };
}

function wantedFor(question: Question, refusals: readonly RefusalRecord[]): Wanted | null {
  switch (question.kind) {
    case 'number':
      return recordNumbered(question.number, refusals);
    case 'position':
      return revisionsBetween(question.revision, question.revision);
    case 'last-refused': {
      const last = refusals.toSorted((a, b) => compareBases(a.basedOn, b.basedOn)).at(-1);
      return last === undefined ? null : basedOn(last.basedOn);
    }
    case 'command':
      return null;
  }
}

/** Throws Trouble (not found). */
async function inWhole(parts: Parts, question: Question): Promise<Found> {
  const loaded = await parts.whole();
  const all = [...steps(loaded.history)];
  const step = findStep(all, question);
  if (step === undefined) {
    throw nothingThere(loaded, question, all);
  }
  return { source: loaded, step, all, cast: Cast.of(all) };
}

interface Meant {
  readonly target: Target;
  readonly question: Question;
}

async function meant(
  context: VerbContext,
  request: string,
  commandId: string | undefined,
): Promise<Meant> {
  if (commandId === undefined && looksLikeCommandId(request)) {
    const found = await sessionOfCommand(context, request);
    if (found !== null) {
      return {
        target: { kind: 'session', session: found },
        question: { kind: 'command', commandId: request },
      };
    }
  }
  const { target, place } = parsePlace(request, context.world.cwd);
  if (commandId !== undefined) return { target, question: { kind: 'command', commandId } };
  if (place === '') return { target, question: { kind: 'last-refused' } };
  const parsed = parseQuestion(`x${place}`);
  if (parsed === null) {
    throw new Trouble(exitCodes.usage, `${JSON.stringify(place)} names no record`, [
      'a record is #6 (its number in the log) or @5, @5.2 (its commit, and place in it)',
    ]);
  }
  return { target, question: parsed.question };
}

// A session may have such a name too: then the log says which of the two it is.
const looksLikeCommandId = (text: string): boolean =>
  /^[A-Za-z0-9_-]{8,64}$/.test(text) && isSessionAddress(text);

function nothingThere(loaded: Loaded, question: Question, all: readonly Step[]): Trouble {
  const { session } = loaded.history;
  const last = all.at(-1);
  const hints =
    last === undefined
      ? []
      : [`its records are #1 to #${String(last.number)}: ${next('log', loaded)}`];
  switch (question.kind) {
    case 'last-refused':
      return new Trouble(exitCodes.notFound, `nothing was refused in ${session}`, [
        `for something that was accepted: ${next('why', loaded, '#NUMBER')}`,
        ...hints,
      ]);
    case 'command':
      return new Trouble(exitCodes.notFound, `${session} has no command ${question.commandId}`, [
        'a command that changes nothing is answered and not recorded',
        ...hints,
      ]);
    case 'number':
      return new Trouble(
        exitCodes.notFound,
        `${session} has no record #${String(question.number)}`,
        hints,
      );
    case 'position':
      return new Trouble(
        exitCodes.notFound,
        `${session} has no decision @${String(question.revision)}${question.place === null ? '' : `.${String(question.place)}`}`,
        hints,
      );
  }
}

function suggestNext(context: VerbContext, { source, explanation, all, step }: Told): void {
  const { basis, outcome } = explanation;
  const other = all.find(
    (candidate) => commandIdOf(candidate) === commandIdOf(step) && candidate !== step,
  );
  suggest(
    context,
    next('state', source, basisText(basis)),
    ...(outcome === 'refused' ? [`joinleaf errors lookup ${explanation.code}`] : []),
    ...(other === undefined ? [] : [next('why', source, `#${String(other.number)}`)]),
    `${next('ladder', source)} --from ${String(Math.max(1, basis.revision - 2))}`,
  );
}
