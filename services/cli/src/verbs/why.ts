import { isSessionAddress } from '@joinleaf/multipoint';
import {
  basisText,
  Cast,
  commandIdOf,
  explain,
  findStep,
  parseQuestion,
  steps,
  type Explanation,
  type Question,
  type Step,
} from '@joinleaf/replay';
import { whyPage } from '@joinleaf/transcript';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { sessionOfCommand } from '../find-command.js';
import { withoutData } from '../record-json.js';
import { load } from '../load.js';
import type { Loaded } from '../sources.js';
import { parsePlace, type Target } from '../targets.js';
import {
  loadingOf,
  suggest,
  tellingOf,
  warnOf,
  type SourceOptions,
  type VerbContext,
  next,
} from '../verb.js';

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
  const loaded = await load(target, loadingOf(context, options));
  warnOf(context, loaded);
  const all = [...steps(loaded.history)];
  const step = findStep(all, question);
  if (step === undefined) throw nothingThere(loaded, question, all);
  const cast = Cast.of(all);
  const explanation = explain(step, cast);
  const { terminal } = context;
  if (terminal.format !== 'page') {
    const json = { schema: 'joinleaf.why/1', ...explanation };
    terminal.json(options.reveal === true ? json : withoutData(json));
  } else {
    const telling = { ...tellingOf(context, loaded, options), width: terminal.columns };
    terminal.page(whyPage(explanation, cast, telling));
    suggestNext(context, loaded, explanation, all, step);
  }
  return exitCodes.fine;
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

function suggestNext(
  context: VerbContext,
  loaded: Loaded,
  explanation: Explanation,
  all: readonly Step[],
  step: Step,
): void {
  const { basis, outcome } = explanation;
  const other = all.find(
    (candidate) => commandIdOf(candidate) === commandIdOf(step) && candidate !== step,
  );
  suggest(
    context,
    next('state', loaded, basisText(basis)),
    ...(outcome === 'refused' ? [`joinleaf errors lookup ${explanation.code}`] : []),
    ...(other === undefined ? [] : [next('why', loaded, `#${String(other.number)}`)]),
    `${next('ladder', loaded)} --from ${String(Math.max(1, basis.revision - 2))}`,
  );
}
