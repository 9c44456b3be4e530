import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Rule } from '@joinleaf/multipoint';
import { ruleSentences } from './rule-sentences.js';
import { isEdgeRule, knownRules, ruleSentence } from './rules.js';

describe('the sentences of rules', () => {
  it('has one for every rule that the decider names', () => {
    const unsaid = rulesOfTheDecider().filter((rule) => ruleSentence(rule) === null);
    expect(unsaid).toEqual([]);
  });

  it('takes no rule of the decider for one of the edge, which would not be recomputed', () => {
    expect(rulesOfTheDecider().filter(isEdgeRule)).toEqual([]);
  });

  it('are the sentences of docs/SPEC.md (node libs/replay/scripts/rules-from-spec.mjs)', () => {
    const spec = readFileSync(join(import.meta.dirname, '../../../docs/SPEC.md'), 'utf8');
    const rows = [...spec.matchAll(/^\| ([REAH]\d{1,3}) \| (.+?) \|/gm)];
    expect(rows.length).toBeGreaterThan(60);
    expect({ ...ruleSentences }).toEqual(
      Object.fromEntries(rows.map(([, id, text]) => [id, text])),
    );
  });

  it.each(knownRules.filter(isEdgeRule))('%s of the edge is a known rule', (rule) => {
    expect(ruleSentence(rule)).toMatch(/\.$/);
  });

  it('says nothing for a rule it does not know', () => {
    expect(ruleSentence('R999')).toBeNull();
    expect(ruleSentence('constructor' as Rule)).toBeNull();
  });
});

function rulesOfTheDecider(): readonly Rule[] {
  const folder = join(import.meta.dirname, '../../multipoint/src');
  const files = ['accept', 'closing', 'join-leaf', 'opening'].map((name) => `${name}.ts`);
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(files));
  const source = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  return [...new Set(source.match(/(?<=')[REAH]\d{1,3}(?=')/g))] as Rule[];
}
