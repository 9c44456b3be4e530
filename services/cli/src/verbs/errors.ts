import { isWsaCode, retryClass, WSA, wsaText, type Rule, type WsaCode } from '@joinleaf/multipoint';
import { knownRules, retrySentence, ruleSentence } from '@joinleaf/replay';
import { dim, line, strong, wrap, type Line } from '@joinleaf/transcript';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { nearest } from '../nearest.js';
import { suggest, type VerbContext } from '../verb.js';

const codes = Object.keys(WSA) as readonly WsaCode[];

/** `joinleaf errors ls`: all codes, in words. */
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

/** `joinleaf errors lookup CODE`: a code, its number, or a rule, in words. */
export function errorsLookup(context: VerbContext, wanted: string): Promise<ExitCode> {
  const { terminal } = context;
  const name = wanted.toUpperCase();
  const code = codeNamed(name);
  if (code !== undefined) {
    const row = codeJson(code);
    if (terminal.format !== 'page') terminal.json({ schema: 'joinleaf.error/1', ...row });
    else terminal.page(codePage(row, terminal.columns));
    if (terminal.format === 'page') suggest(context, 'joinleaf errors ls', 'joinleaf why SESSION');
    return Promise.resolve(exitCodes.fine);
  }
  const sentence = /^[REAH]\d{1,3}$/.test(name) ? ruleSentence(name as Rule) : null;
  if (sentence !== null) {
    if (terminal.format !== 'page')
      terminal.json({ schema: 'joinleaf.rule/1', rule: name, sentence });
    else terminal.page(wrap(`${name}  ${sentence}`, terminal.columns).map((part) => line(part)));
    return Promise.resolve(exitCodes.fine);
  }
  const near = nearest(name.startsWith('WSA') ? name : `WSA${name}`, codes);
  throw new Trouble(exitCodes.notFound, `there is no error and no rule ${JSON.stringify(wanted)}`, [
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : `errors are such as WSAEALREADY or 10037, rules such as ${knownRules[0] ?? 'R1'}: joinleaf errors ls`,
  ]);
}

const codeNamed = (name: string): WsaCode | undefined =>
  codes.find((code) => String(WSA[code]) === name) ??
  [name, `WSA${name}`, `WSAE${name}`].find(isWsaCode);

function codePage(
  { code, number, sentence, retry }: ReturnType<typeof codeJson>,
  width: number,
): readonly Line[] {
  return [
    line(strong(code), ` (${String(number)})`),
    ...wrap(sentence, width).map((part) => line(part)),
    line(dim('retry  '), `${retry}: ${retrySentence(retry)}`),
  ];
}
