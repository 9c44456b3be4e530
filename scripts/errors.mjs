// Writes what is mechanical in docs/errors: the number of a code, its retry class, the rules that answer with
// it, the examples from the log, and the pages as the command carries them. What is between two comments,
// `<!-- rules -->` and `<!-- end -->`, is written; the rest of a page is written by hand.
// usage: node scripts/errors.mjs
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { evolve, notify, retryClass, WSA, wsaText } from '@joinleaf/multipoint';
import { Cast, explain, retrySentence, steps } from '@joinleaf/replay';
import { logPage, pageText, whyPage } from '@joinleaf/transcript';
import { rulesInCode, rulesInSpec } from './error-rules.mjs';
import { storyNames, storyOf } from './error-stories.mjs';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'docs/errors');
const embedded = join(root, 'services/cli/src/error-pages.json');
const columns = 80;

/** The page of every code that has one, by code. */
export const readPages = () =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((file) => /^WSA\w+\.md$/.test(file))
      .map((file) => [file.slice(0, -3), readFileSync(join(folder, file), 'utf8')]),
  );

export const readIndex = () => readFileSync(join(folder, 'README.md'), 'utf8');

/** A page with its mechanical parts written anew. */
export const pageWritten = (code, text) =>
  text.replace(
    /<!-- (head|rules|why|log)(?:: (.*?))? -->\n[\s\S]*?<!-- end -->/g,
    (_, what, of) =>
      `<!-- ${what}${of === undefined ? '' : `: ${of}`} -->\n\n${parts[what](code, of)}\n\n<!-- end -->`,
  );

/** The index with its table written anew. */
export const indexWritten = (text) =>
  text.replace(
    /<!-- codes -->\n[\s\S]*?<!-- end -->/,
    `<!-- codes -->\n\n${codeTable()}\n\n<!-- end -->`,
  );

/** The pages as the command carries them: lines, so that a change can be read. */
export function pagesEmbedded(pages) {
  const ordered = Object.keys(WSA).map((code) => [code, (pages[code] ?? '').trimEnd().split('\n')]);
  return `${JSON.stringify(Object.fromEntries(ordered), null, 2)}\n`;
}

export const readEmbedded = () => readFileSync(embedded, 'utf8');

const parts = {
  head: (code) =>
    `**${WSA[code]}** · retry \`${retryClass(code)}\`: ${retrySentence(retryClass(code))}.\n\n${wsaText[code]}`,
  rules,
  why: (code, of) => {
    const [story, number] = of.split('#');
    const history = storyOf(story);
    const all = [...steps(history)];
    const step = all.find((one) => one.number === Number(number));
    const cast = Cast.of(all);
    const page = whyPage(explain(step, cast), cast, telling);
    return shown(`joinleaf why ${history.session}#${number}`, code, page);
  },
  log: (code, of) => {
    const [story, range, type] = of.split(' ');
    const [from, to] = range.split('-').map(Number);
    const history = storyOf(story);
    const all = [...steps(history)];
    const wanted = all.filter((step) => type === undefined || eventTypes(step).includes(type));
    const extract = { from, to, told: true, state: false, all: false };
    const page = logPage(wanted, Cast.of(all), { ...telling, ...extract });
    const only = type === undefined ? '' : ` --type ${type}`;
    return shown(
      `joinleaf log ${history.session} --told --from ${from} --to ${to}${only}`,
      code,
      page,
    );
  },
};

const eventTypes = (step) =>
  step.kind === 'decision' ? step.decided.events.map(({ type }) => type) : [];

const telling = { width: columns, reveal: false, redacted: false };

function shown(command, code, page) {
  const text = pageText(page, { colour: false, width: columns }).trimEnd();
  if (!command.includes(' log ') && !text.includes(code)) throw new Error(`${command}: no ${code}`);
  return `\`\`\`text\n$ ${command}\n${text}\n\`\`\``;
}

// What answers a call is found in the code, what ends a join or a membership later in the stories.
function rules(code) {
  const spec = rulesInSpec();
  const answering = [...(answers().get(code) ?? [])].sort(byId);
  const named = [...spec.keys()].filter(
    (id) => !answering.includes(id) && new RegExp(`\\b${code}\\b`).test(spec.get(id).sentence),
  );
  // What no line of code pairs with the code by name, the specification does.
  const [listed, also] = answering.length === 0 ? [named, []] : [answering, named];
  const lines = listed.map((id) => {
    const { sentence, where } = spec.get(id) ?? { sentence: 'is not in docs/SPEC.md.', where: '?' };
    return `- **${id}** (${where}) ${sentence}`;
  });
  return [
    ...lines,
    ...(also.length === 0 ? [] : ['', `Named besides in ${also.join(', ')}.`]),
  ].join('\n');
}

let known;
/** The rules that answer with each code: a call at once, or a join or a membership later. */
export function answers() {
  if (known !== undefined) return known;
  known = rulesInCode();
  for (const name of storyNames) {
    for (const step of steps(storyOf(name))) {
      for (const { rule, code } of toldIn(step)) known.get(code).add(rule);
    }
  }
  return known;
}

// An accepted command can tell others a code: of a join that failed, of a membership that ended.
function toldIn(step) {
  if (step.kind === 'refusal') return [];
  const { rule, events } = step.decided;
  let session = step.before;
  return events
    .flatMap((event) => {
      const told = notify(session, event);
      session = evolve(session, event);
      return told;
    })
    .flatMap((told) => ('code' in told && told.code !== null ? [{ rule, code: told.code }] : []));
}

const kinds = 'REHA';
const byId = (a, b) =>
  kinds.indexOf(a[0]) - kinds.indexOf(b[0]) || Number(a.slice(1)) - Number(b.slice(1));

function codeTable() {
  const rows = Object.entries(WSA).map(
    ([code, number]) =>
      `| [${code}](${code}.md) | ${number} | \`${retryClass(code)}\` | ${wsaText[code]} |`,
  );
  return ['| Code | Number | Retry | Here it means |', '|---|---|---|---|', ...rows].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const pages = Object.fromEntries(
    Object.entries(readPages()).map(([code, text]) => [code, pageWritten(code, text)]),
  );
  for (const [code, text] of Object.entries(pages)) writeFileSync(join(folder, `${code}.md`), text);
  writeFileSync(join(folder, 'README.md'), indexWritten(readIndex()));
  writeFileSync(embedded, pagesEmbedded(pages));
}
