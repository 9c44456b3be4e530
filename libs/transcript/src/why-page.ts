import { unopened } from '@joinleaf/multipoint';
import {
  basisText,
  day,
  retrySentence,
  timeOfDay,
  type AcceptanceExplained,
  type Cast,
  type Comparison,
  type Explanation,
  type Outcome,
  type RefusalExplained,
  type Remedy,
} from '@joinleaf/replay';
import { bad, command, dim, good, line, strong, warn, type Line, type Span } from './page.js';
import { entry } from './paragraphs.js';
import type { Telling } from './telling.js';
import { eventWords, notificationWords } from './words.js';

const margin = 10;
const toldMax = 8;

/** Why a command was accepted or refused. */
export function whyPage(explanation: Explanation, cast: Cast, telling: Telling): readonly Line[] {
  const head = headLines(explanation, telling);
  const body =
    explanation.outcome === 'refused'
      ? refusedBody(explanation, telling)
      : acceptedBody(explanation, cast, telling);
  return [...head, ...body, ...checkedLines(explanation, telling)];
}

function headLines(explanation: Explanation, { width }: Telling): readonly Line[] {
  const { session, number, asked, commandId, decidedAt, arbiter, decider } = explanation;
  const name = `${session}#${String(number)}`;
  const verdict =
    explanation.outcome === 'refused'
      ? bad(`REFUSED ${explanation.code} (${String(explanation.codeNumber)})`)
      : good('ACCEPTED');
  return [
    ...entry(strong(name), name.length + 2, asked, width),
    line(verdict, ' ', `by rule ${explanation.rule}`),
    line(
      dim(
        `command ${commandId} · ${day(decidedAt)} ${timeOfDay(decidedAt)} UTC · ${arbiter}, ${decider}`,
      ),
    ),
  ];
}

const item = (label: string, text: string, { width }: Telling, paint?: (t: string) => Span) =>
  entry(dim(label), margin, text, width, paint);

function refusedBody(explanation: RefusalExplained, telling: Telling): readonly Line[] {
  const { rule, sentence, because, basis, state, remedies, retry } = explanation;
  const passes = remedies.flatMap((remedy, index) => remedyLines(remedy, index, telling));
  return [
    line(strong('because')),
    ...item(`  ${rule}`, sentence, telling),
    ...because.flatMap((fact) => item('  fact', fact, telling)),
    ...item('  state', `${basisText(basis)} ${state}`, telling),
    ...(passes.length === 0 ? [] : [line(strong('it would be accepted when')), ...passes]),
    ...item('retry', `${retry}: ${retrySentence(retry)}`, telling),
  ];
}

function remedyLines({ words, then }: Remedy, index: number, telling: Telling): readonly Line[] {
  const lead = index === 0 ? '  ' : '  or ';
  const tried = then === null ? [] : [triedLine(then)];
  return [...entry(dim(lead), lead.length, words, telling.width), ...tried];
}

function triedLine(then: Outcome): Line {
  if (then.kind === 'accepted') return line('     ', good('✔'), dim(' tried: then it is accepted'));
  const what = then.kind === 'refused' ? `${then.code} (${then.rule})` : `error: ${then.message}`;
  return line('     ', warn('…'), dim(` tried: then it meets ${what}`));
}

function acceptedBody(
  explanation: AcceptanceExplained,
  cast: Cast,
  telling: Telling,
): readonly Line[] {
  const { rule, sentence, events, told, basis, state, stateAfter, sameCommit } = explanation;
  const heard = told.slice(0, toldMax).map((one) => notificationWords(one, cast, telling));
  const rest = told.length - heard.length;
  return [
    line(strong('because')),
    ...item(`  ${rule}`, sentence, telling),
    ...item('  state', `${basisText(basis)} ${state}`, telling),
    line(strong('so')),
    ...events.flatMap((event) =>
      item('  event', `${event.type}: ${eventWords(event, unopened, cast, telling)}`, telling),
    ),
    ...heard.flatMap((words) => item('  told', words, telling)),
    ...(rest > 0 ? item('', `… ${String(rest)} more`, telling) : []),
    ...item('  state', stateAfter, telling),
    ...(sameCommit.length === 0
      ? []
      : item('with', `decided in one commit: ${sameCommit.slice(0, 8).join(', ')}`, telling, dim)),
  ];
}

function checkedLines({ check, basis }: Explanation, telling: Telling): readonly Line[] {
  const on = basisText(basis);
  switch (check.verdict) {
    case 'same':
      return [line(dim('checked   '), `recomputed on ${on}: same answer `, good('✔'))];
    case 'at-the-edge':
      return item(
        'checked',
        'not recomputed: this rule is applied before the session is asked, from more than its log',
        telling,
        warn,
      );
    case 'damaged':
      return item('checked', `not recomputed: the log is damaged before ${on}`, telling, warn);
    case 'accept-to-refuse':
    case 'refuse-to-accept':
    case 'other-events':
    case 'other-rule':
    case 'other-refusal':
    case 'threw':
      return differsLines(check, on, telling);
  }
}

function differsLines(check: Comparison, on: string, telling: Telling): readonly Line[] {
  const { recorded, recomputed } = check;
  return [
    line(dim('checked   '), bad(`recomputed on ${on}: another answer ✗ (${check.verdict})`)),
    ...item('  then', outcomeWords(recorded), telling),
    ...item('  now', recomputed === null ? '' : outcomeWords(recomputed), telling),
    line(dim('          the decider has changed, not the history: '), command('joinleaf replay')),
  ];
}

/** An outcome in a few words. */
export function outcomeWords(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'accepted':
      return `accepted by ${outcome.rule}: ${outcome.events.map(({ type }) => type).join(', ') || 'nothing to do'}`;
    case 'refused':
      return `refused ${outcome.code} by ${outcome.rule}`;
    case 'threw':
      return `the decider threw: ${outcome.message}`;
  }
}
