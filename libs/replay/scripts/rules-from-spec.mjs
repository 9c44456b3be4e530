// Writes src/rule-sentences.ts from the tables of docs/SPEC.md: run it after a rule was reworded.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const spec = readFileSync(at('../../../docs/SPEC.md'), 'utf8');
const rows = [...spec.matchAll(/^\| ([REAH]\d{1,3}) \| (.+?) \|/gm)];
const entries = rows.map(([, rule, sentence]) => `  ${rule}: ${quoted(sentence)},`);

writeFileSync(
  at('../src/rule-sentences.ts'),
  `import type { Rule } from '@joinleaf/multipoint';

// The rules in force, in the words of docs/SPEC.md: written by scripts/rules-from-spec.mjs.

export const ruleSentences: Readonly<Record<Rule, string>> = {
${entries.join('\n')}
};
`,
);

function quoted(text) {
  const plain = text.replaceAll('\\|', '|');
  return plain.includes("'") ? JSON.stringify(plain) : `'${plain}'`;
}
