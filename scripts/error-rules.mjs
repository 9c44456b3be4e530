// Which rules answer with which error, read from the code itself: a refusal names both in one place.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WSA } from '@joinleaf/multipoint';

const root = join(import.meta.dirname, '..');

// Tests and what plays for them, and the tables of the codes themselves.
const notAnswering =
  /\.spec\.ts$|\/(?:cast|draw|contract|testing|rehearsal|counterpart|reference-model|reference-checks|wsa|wsa-text)\.ts$|\/(?:cast|draw|contract|many-nodes)\//;

const code = String.raw`'(WSA[A-Z_]+)'`;
const rule = String.raw`'([REAH]\d{1,3})'`;
const pairs = [
  // refuse('WSAEALREADY', 'R50'), { code: 'WSAEALREADY', rule: 'R50' }
  new RegExp(String.raw`${code},\s*(?:rule:\s*)?${rule}`, 'g'),
  // { WSAETIMEDOUT: 'E16' }
  new RegExp(String.raw`\b(WSA[A-Z_]+):\s*${rule}`, 'g'),
];

/** The rules that some line of code answers an error with, by error. */
export function rulesInCode() {
  const found = new Map(Object.keys(WSA).map((name) => [name, new Set()]));
  for (const text of sources()) {
    for (const pattern of pairs) {
      for (const [, name, id] of text.matchAll(pattern)) found.get(name)?.add(id);
    }
  }
  return found;
}

function sources() {
  return ['libs', 'services'].flatMap((folder) =>
    readdirSync(join(root, folder)).flatMap((workspace) =>
      typescriptIn(join(root, folder, workspace, 'src')),
    ),
  );
}

function typescriptIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return typescriptIn(path);
    return path.endsWith('.ts') && !notAnswering.test(path) ? [readFileSync(path, 'utf8')] : [];
  });
}

/** The rules of docs/SPEC.md: sentence and place, by id, in the order of the document. */
export function rulesInSpec() {
  const spec = readFileSync(join(root, 'docs/SPEC.md'), 'utf8');
  const rows = spec.matchAll(/^\| ([REAH]\d{1,3}) \| (.+?) \| [MSOIWH] \| (.*?) \|$/gm);
  return new Map(
    [...rows].map(([, id, sentence, where]) => [
      id,
      { sentence: sentence.replaceAll('\\|', '|'), where },
    ]),
  );
}
