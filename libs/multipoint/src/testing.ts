// A scenario is a sentence: given what happened, when somebody asks, then this happens and these hear
// of it. Pure, and no test framework inside: a difference is thrown as an error with both sides in it.
import { answer, type Answer } from './answer.js';
import type { SessionCommand } from './command.js';
import { decide } from './decide.js';
import type { Decision } from './decision.js';
import type { SessionEvent } from './event.js';
import { evolve } from './evolve.js';
import { notify, type Notification } from './notify.js';
import { unopened, type Session } from './session.js';
import type { Refusal, Rule } from './wsa.js';

export { drawCommand, drawEvent, type Chance } from './draw.js';

/** The session that a history leaves. */
export const sessionAfter = (...events: readonly SessionEvent[]): Session =>
  events.reduce(evolve, unopened);

/** What a history tells, in order, when it falls on `before`. */
export function heard(
  events: readonly SessionEvent[],
  before: Session = unopened,
): readonly Notification[] {
  let session = before;
  return events.flatMap((event) => {
    const told = notify(session, event);
    session = evolve(session, event);
    return told;
  });
}

/** Begins a scenario with what has happened so far; with nothing, the address was never opened. */
export const given = (...history: readonly SessionEvent[]): Given => new Given(history);

class Given {
  readonly #history: readonly SessionEvent[];

  constructor(history: readonly SessionEvent[]) {
    this.#history = history;
  }

  /** Somebody asks. */
  when(command: SessionCommand): Asked {
    return new Asked(this.#history, command);
  }
}

class Asked {
  readonly #before: Session;
  readonly #decision: Decision;
  readonly #headline: string;
  readonly #command: SessionCommand;

  constructor(history: readonly SessionEvent[], command: SessionCommand) {
    this.#before = sessionAfter(...history);
    this.#command = command;
    this.#decision = decide(command, this.#before);
    this.#headline = `given ${listed(history.map(({ type }) => type))}, when ${command.type}`;
  }

  /** Exactly these events happen, in this order. */
  then(...expected: readonly SessionEvent[]): Happened {
    const events = this.#decision.ok ? this.#decision.value.events : [];
    const actual = this.#decision.ok ? written(events) : [refusalLine(this.#decision.error)];
    compare(this.#headline, written(expected), actual);
    const rule = this.#decision.ok ? this.#decision.value.rule : this.#decision.error.rule;
    const told = heard(events, this.#before);
    return new Happened(this.#headline, { rule, told, answer: answer(this.#command, events) });
  }

  /** The command is accepted and changes nothing. */
  thenNothing(): Happened {
    return this.then();
  }

  /** The command is refused; `facts` are compared when they are given. */
  thenRefused({ code, rule, facts }: Refusal): void {
    const expected = facts === undefined ? { code, rule } : { code, rule, facts };
    const { ok } = this.#decision;
    const actual = ok ? written(this.#decision.value.events) : [this.#refused(facts !== undefined)];
    compare(this.#headline, [refusalLine(expected)], ok ? ['accepted', ...actual] : actual);
  }

  #refused(withFacts: boolean): string {
    if (this.#decision.ok) return 'accepted';
    const { code, rule } = this.#decision.error;
    return refusalLine(withFacts ? this.#decision.error : { code, rule });
  }
}

interface Outcome {
  readonly rule: Rule;
  readonly told: readonly Notification[];
  readonly answer: Answer;
}

class Happened {
  readonly #headline: string;
  readonly #outcome: Outcome;

  constructor(headline: string, outcome: Outcome) {
    this.#headline = headline;
    this.#outcome = outcome;
  }

  /** The rule that the decision names. */
  by(rule: Rule): this {
    compare(this.#headline, [`by rule ${rule}`], [`by rule ${this.#outcome.rule}`]);
    return this;
  }

  /** Exactly these sockets hear exactly this, in this order. */
  told(...expected: readonly Notification[]): this {
    compare(`${this.#headline}, told`, written(expected), written(this.#outcome.told));
    return this;
  }

  /** What the caller is answered at once. */
  answered(expected: Answer): this {
    compare(`${this.#headline}, answered`, written([expected]), written([this.#outcome.answer]));
    return this;
  }
}

const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'nothing' : names.join(', ');

const written = (values: readonly object[]): readonly string[] => values.map(canonical);

const refusalLine = ({ code, rule, facts }: Refusal): string =>
  `refused ${code} (${rule})${facts === undefined ? '' : ` ${canonical(facts)}`}`;

// One line for each value, and the same line for equal values, whatever the order of their fields.
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const { type, kind, ...rest } = value as Record<string, unknown>;
  const name = [type, kind].filter((part) => part !== undefined).map(String);
  const fields = Object.entries(rest)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${key}: ${canonical(field)}`);
  return [...name, `{ ${fields.join(', ')} }`].join(' ');
}

function compare(headline: string, expected: readonly string[], actual: readonly string[]): void {
  if (expected.length === actual.length && expected.every((line, i) => line === actual[i])) return;
  const lines = Array.from({ length: Math.max(expected.length, actual.length) }, (_, i) =>
    difference(expected[i], actual[i]),
  );
  throw new Error([`${headline}: not as expected (-), but so (+)`, ...lines.flat()].join('\n'));
}

function difference(expected: string | undefined, actual: string | undefined): readonly string[] {
  if (expected === actual) return [`    ${String(expected)}`];
  const lines: string[] = [];
  if (expected !== undefined) lines.push(`  - ${expected}`);
  if (actual !== undefined) lines.push(`  + ${actual}`);
  return lines.length === 0 ? ['  - nothing'] : lines;
}
