import { err, ok, type Result } from '@joinleaf/multipoint';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { actions, scenarioSchema, type Scenario } from './scenario.js';

/** What is wrong with a scenario file, and where. */
export interface ScenarioProblem {
  /** From 1. */
  readonly line: number;
  /** Such as `steps[3].from`; empty for the file as a whole. */
  readonly field: string;
  readonly problem: string;
}

type Path = readonly PropertyKey[];
type Place = (path: Path) => number;

/**
 * Reads a scenario: YAML, in which a step is written as `ada: accept` beside what the action needs.
 *
 * @returns The scenario, or everything that is wrong with it, in the order of the file.
 */
export function readScenario(text: string): Result<Scenario, readonly ScenarioProblem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return err(
      document.errors.map(({ pos: [at], message }) => ({
        line: lines.linePos(at).line,
        field: '',
        problem: message,
      })),
    );
  }
  const place = placeIn(document, lines);
  const { scenario, unreadable } = spellOut(document.toJS(), place);
  const parsed = scenarioSchema.safeParse(scenario);
  if (parsed.success) {
    const problems = strangers(parsed.data);
    return problems.length > 0 ? err(problems) : ok(parsed.data);
  }
  const others = parsed.error.issues.filter(({ path: [key, index] }) =>
    key === 'steps' ? !unreadable.has(Number(index)) : true,
  );
  const problems = [...unreadable.values(), ...others.flatMap((issue) => problemsOf(issue, place))];
  return err(problems.sort((a, b) => a.line - b.line));
}

/** `scenarios/x.yaml:14: steps[3].from is missing` */
export const problemText = (file: string, { line, field, problem }: ScenarioProblem): string =>
  `${file}:${String(line)}: ${field === '' ? '' : `${field} `}${problem}`;

interface SpelledOut {
  readonly scenario: unknown;
  /** Steps that could not be spelled out, by index. */
  readonly unreadable: ReadonlyMap<number, ScenarioProblem>;
}

// `{ ada: accept, from: bob }` becomes `{ actor: ada, action: accept, from: bob }`.
function spellOut(scenario: unknown, place: Place): SpelledOut {
  const unreadable = new Map<number, ScenarioProblem>();
  if (!isRecord(scenario) || !Array.isArray(scenario.steps)) return { scenario, unreadable };
  const { cast, agents } = scenario;
  const names = [cast, agents].flatMap((part) => (isRecord(part) ? Object.keys(part) : []));
  const steps = scenario.steps.map((step: unknown, index) => {
    const path = ['steps', index];
    const spelled = spellOutStep(step, names, place(path));
    if (typeof spelled !== 'string') return spelled;
    unreadable.set(index, { line: place(path), field: fieldOf(path), problem: spelled });
    return step;
  });
  return { scenario: { ...scenario, steps }, unreadable };
}

function spellOutStep(step: unknown, names: readonly string[], line: number): object | string {
  if (!isRecord(step)) return 'is not a step such as "ada: open"';
  const [actor, ...others] = Object.keys(step).filter((key) => names.includes(key));
  if (actor === undefined) return `begins with nobody who is there (${names.join(', ')})`;
  if (others.length > 0) return `has two actors, ${[actor, ...others].join(' and ')}`;
  const { [actor]: action, ...rest } = step;
  if (typeof action !== 'string' || !actions.includes(action)) {
    return `has an unknown action; there are: ${actions.join(', ')}`;
  }
  return { ...rest, actor, action, line };
}

// Whoever is named in a step must be there; who is invited need not be, that may be the point.
function strangers({ cast, agents, steps }: Scenario): readonly ScenarioProblem[] {
  const known = [...Object.keys(cast), ...Object.keys(agents)];
  return steps.flatMap((step, index) => {
    if (step.actor in agents && step.action !== 'hear' && step.action !== 'leave') {
      const problem = 'is for an agent, which answers by itself, and can only hear and leave';
      return [{ line: step.line, field: fieldOf(['steps', index]), problem }];
    }
    const named = [
      ['from', 'from' in step ? step.from : undefined],
      ['leaf', 'leaf' in step ? step.leaf : undefined],
    ] as const;
    return named.flatMap(([key, address]) => {
      const [name] = address?.split(':') ?? [];
      if (name === undefined || known.includes(name) || step.action === 'invite') return [];
      const problem = `is nobody who is there (${known.join(', ')})`;
      return [{ line: step.line, field: fieldOf(['steps', index, key]), problem }];
    });
  });
}

function problemsOf(issue: z.core.$ZodIssue, place: Place): readonly ScenarioProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      line: place([...issue.path, key]),
      field: fieldOf([...issue.path, key]),
      problem: 'is not known here',
    }));
  }
  return [{ line: place(issue.path), field: fieldOf(issue.path), problem: wordsFor(issue) }];
}

function wordsFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  return issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
}

// The line of the nearest thing that exists: a missing field is reported where its parent stands.
function placeIn(document: Document, lines: LineCounter): Place {
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      const range = isRecord(node) ? node.range : undefined;
      if (Array.isArray(range)) return lines.linePos(Number(range[0])).line;
    }
    return 1;
  };
}

const fieldOf = (path: Path): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${String(key)}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
