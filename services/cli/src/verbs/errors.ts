import { isWsaCode, retryClass, WSA, wsaText, type Rule, type WsaCode } from '@joinleaf/multipoint';
import { knownRules, retrySentence, ruleSentence } from '@joinleaf/replay';
import { dim, emptyLine, entry, line, strong, wrap, type Line } from '@joinleaf/transcript';
import { errorPage } from '../error-pages.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { markdownPage } from '../markdown-page.js';
import { nearest } from '../nearest.js';
import { suggest, type VerbContext } from '../verb.js';

const codes = Object.keys(WSA) as readonly WsaCode[];

/** `joinleaf errors`: all codes, a line each. */
export function errorsLs({ terminal }: VerbContext): Promise<ExitCode> {
  const rows = codes.map(codeJson);
  switch (terminal.format) {
    case 'json':
      terminal.json({ schema: 'joinleaf.errors/1', errors: rows });
      break;
    case 'ndjson':
      for (const row of rows) terminal.record(row);
      break;
    case 'plain':
      for (const { code, number, retry, sentence } of rows)
        terminal.fields([code, number, retry, sentence]);
      break;
    case 'page':
      terminal.page([
        line(strong('code                number  retry        what it means')),
        ...rows.flatMap((row) => codeRow(row, terminal.columns)),
      ]);
  }
  return Promise.resolve(exitCodes.fine);
}

const codeJson = (code: WsaCode) => ({
  code,
  number: WSA[code],
  sentence: wsaText[code],
  retry: retryClass(code),
});

const lead = 41;

function codeRow(
  { code, number, retry, sentence }: ReturnType<typeof codeJson>,
  width: number,
): readonly Line[] {
  const left = `${code.padEnd(20)}${String(number).padEnd(8)}${retry.padEnd(13)}`;
  return wrap(sentence, Math.max(20, width - lead)).map((part, index) =>
    line(index === 0 ? left : ' '.repeat(lead), part),
  );
}

/** `joinleaf errors lookup CODE`: the page of a code, by its name or number; or a rule, in words. */
export function errorsLookup(context: VerbContext, wanted: string): Promise<ExitCode> {
  const name = wanted.toUpperCase();
  const code = codeNamed(name);
  const rule = /^[REAH]\d{1,3}$/.test(name) ? (name as Rule) : null;
  const sentence = rule === null ? null : ruleSentence(rule);
  if (code !== undefined) showCode(context, code);
  else if (rule !== null && sentence !== null) showRule(context, rule, sentence);
  else throw nothingCalled(wanted);
  return Promise.resolve(exitCodes.fine);
}

function showCode(context: VerbContext, code: WsaCode): void {
  const { terminal } = context;
  const row = codeJson(code);
  if (terminal.format !== 'page') {
    terminal.json({ schema: 'joinleaf.error/1', ...row, page: errorPage(code) });
    return;
  }
  const { columns } = terminal;
  terminal.page([
    ...cardOf(row, columns),
    emptyLine,
    ...markdownPage(withoutHead(errorPage(code)), columns),
  ]);
  suggest(context, 'joinleaf errors', 'joinleaf why SESSION');
}

function showRule({ terminal }: VerbContext, rule: Rule, sentence: string): void {
  if (terminal.format === 'page') {
    terminal.page(wrap(`${rule}  ${sentence}`, terminal.columns).map((part) => line(part)));
  } else {
    terminal.json({ schema: 'joinleaf.rule/1', rule, sentence });
  }
}

const codeNamed = (name: string): WsaCode | undefined =>
  codes.find((code) => String(WSA[code]) === name) ??
  [name, `WSA${name}`, `WSAE${name}`].find(isWsaCode);

// A page's title and what stands below it are the card's.
const withoutHead = (page: string): string => page.slice(page.indexOf('<!-- end -->'));

function cardOf(
  { code, number, sentence, retry }: ReturnType<typeof codeJson>,
  width: number,
): readonly Line[] {
  return [
    line(strong(code), ` (${String(number)})`),
    ...wrap(sentence, width).map((part) => line(part)),
    ...entry(dim('retry'), 7, `${retry}: ${retrySentence(retry)}`, width),
  ];
}

function nothingCalled(wanted: string): Trouble {
  const near = /^\d+$/.test(wanted) ? nearestNumbers(Number(wanted)) : nearestNames(wanted);
  const [first = 'R1'] = knownRules;
  return new Trouble(exitCodes.usage, `there is no error and no rule ${JSON.stringify(wanted)}`, [
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : `errors are such as WSAEALREADY or 10037, rules such as ${first}`,
    'all of them: joinleaf errors',
  ]);
}

const manyMax = 3;

function nearestNames(wanted: string): readonly string[] {
  const name = wanted.toUpperCase();
  const within = codes.filter((code) => name.length >= 3 && code.includes(name));
  const alike = [name, `WSA${name}`, `WSAE${name}`].flatMap((guess) => nearest(guess, codes));
  return [...new Set([...alike, ...within])].slice(0, manyMax);
}

const nearestNumbers = (wanted: number): readonly string[] =>
  [...codes]
    .sort((a, b) => Math.abs(WSA[a] - wanted) - Math.abs(WSA[b] - wanted))
    .slice(0, 2)
    .map((code) => `${code} (${String(WSA[code])})`);
