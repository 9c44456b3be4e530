// Writes the figures into docs/PERFORMANCE.md, from the files that the benches write into docs/evidence:
//   npm run bench -- join --json docs/evidence/bench-join.json, and so on
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { benchPart } from './reliability.mjs';

const root = join(import.meta.dirname, '..');
const page = join(root, 'docs/PERFORMANCE.md');

const titles = {
  join: 'Joins',
  'join-always': 'Joins, every write synced',
  notify: 'Being told',
  replay: 'Reading back',
  'replay-large': 'A session of a million decisions',
  scale: 'Many sessions, large sessions',
  'scale-large': 'The same, further',
  takeover: 'When an arbiter dies',
  liveness: 'When a node dies',
  peers: 'Beside others',
};

/** The page with its figures, as it must be. */
export async function performancePage() {
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split('<!-- figures -->');
  const after = rest?.split('<!-- end -->')[1] ?? '';
  const parts = Object.entries(titles).flatMap(([name, title]) => {
    const report = read(name);
    return report === null ? [] : [benchPart(title, report)];
  });
  const whole = `${before}<!-- figures -->\n\n${parts.join('\n\n')}\n\n<!-- end -->${after}`;
  return format(whole, { ...(await resolveConfig(page)), parser: 'markdown' });
}

function read(name) {
  const file = join(root, 'docs/evidence', `bench-${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

if (process.argv[1] === import.meta.filename) {
  const written = await performancePage();
  const changed = written !== readFileSync(page, 'utf8');
  if (changed) writeFileSync(page, written);
  process.stdout.write(`docs/PERFORMANCE.md ${changed ? 'written' : 'is as it must be'}\n`);
}
