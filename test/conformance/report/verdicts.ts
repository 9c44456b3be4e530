import type { Rule } from './law.js';
import type { Outcome, Run } from './outcomes.js';

export type Standing = 'passed' | 'failed' | 'not proven' | 'argued away';

export interface Verdict {
  readonly rule: Rule;
  readonly standing: Standing;
  /** The tests that quote it and were run. */
  readonly tests: readonly Outcome[];
}

export interface Report {
  readonly verdicts: readonly Verdict[];
  /** All that failed, also tests that quote no rule of Winsock. */
  readonly failed: readonly Outcome[];
  readonly broken: Run['broken'];
  /** Tests that were run. */
  readonly testCount: number;
  /** Ids that tests quote and the law does not have. */
  readonly unknown: readonly string[];
  /** Whether every M rule is proven and nothing failed. */
  readonly conforms: boolean;
}

/** Judges `rules`, all of `law` or a part of it, by the tests that quote them. */
export function judge(
  rules: readonly Rule[],
  { outcomes, broken }: Run,
  law: readonly Rule[] = rules,
): Report {
  const ran = outcomes.filter(({ status }) => status !== 'skipped');
  const verdicts = rules.map((rule): Verdict => {
    const tests = ran.filter((outcome) => outcome.rules.includes(rule.id));
    return { rule, standing: standingOf(rule, tests), tests };
  });
  const failed = ran.filter(({ status }) => status === 'failed');
  const known = new Set(law.map(({ id }) => id));
  const quoted = new Set(ran.flatMap((outcome) => outcome.rules));
  const unknown = [...quoted].filter((id) => /^[RE]/.test(id) && !known.has(id));
  const mustBeProven = verdicts.filter(({ rule }) => rule.level === 'M');
  const isProven = ({ standing }: Verdict) => standing === 'passed' || standing === 'argued away';
  return {
    verdicts,
    failed,
    broken,
    testCount: ran.length,
    unknown,
    conforms: failed.length + broken.length + unknown.length === 0 && mustBeProven.every(isProven),
  };
}

function standingOf(rule: Rule, tests: readonly Outcome[]): Standing {
  if (tests.some(({ status }) => status === 'failed')) return 'failed';
  if (tests.length > 0) return 'passed';
  return rule.arguedAwayIn === null ? 'not proven' : 'argued away';
}
