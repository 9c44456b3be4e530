import type { Rule } from '@joinleaf/multipoint';
import { ruleSentences } from './rule-sentences.js';

/** What a rule says, in a sentence; null for a rule that this version does not know. */
export const ruleSentence = (rule: Rule): string | null =>
  Object.hasOwn(ruleSentences, rule) ? (ruleSentences[rule] ?? null) : null;

/** The ids of all rules that have a sentence. */
export const knownRules = Object.keys(ruleSentences) as readonly Rule[];

// Applied before the session is asked, or after, from what its log does not hold: which runs of nodes may
// speak, whose command id it is, whether the log can be written.
const edgeRules: ReadonlySet<Rule> = new Set([
  ...(['E2', 'E9', 'E12', 'E18', 'R97'] as const),
  ...(['H9', 'H10', 'H11', 'H12', 'H13', 'H14'] as const),
]);

/** Whether a rule is applied at the edge, so that its refusals cannot be recomputed from the log. */
export const isEdgeRule = (rule: Rule): boolean => edgeRules.has(rule);
