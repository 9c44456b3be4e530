// Checks every import of the repository, or of another folder laid out like it, against the arrows.
// usage: node scripts/arrows.mjs [folder]
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cruise } from 'dependency-cruiser';
import config from '../.dependency-cruiser.mjs';

const root = join(import.meta.dirname, '..');
const folder = resolve(process.argv[2] ?? root);
const { forbidden, options } = config;

const { output } = await cruise(
  ['libs', 'services', 'test', 'bench'].filter((name) => existsSync(join(folder, name))),
  { ...options, baseDir: folder, validate: true, ruleSet: { forbidden }, outputType: 'json' },
);
const { summary } = JSON.parse(output);

for (const { rule, from, to } of summary.violations) {
  const comment = forbidden.find(({ name }) => name === rule.name)?.comment ?? '';
  process.stdout.write(`${rule.name}: ${from} -> ${to}\n${comment && `    ${comment}\n`}`);
}
process.stdout.write(
  `${summary.totalCruised} modules, ${summary.violations.length} refused arrows\n`,
);
process.exitCode = summary.violations.length > 0 || summary.totalCruised === 0 ? 1 : 0;
