import { assert, type JoinId, type SessionAddress } from '@joinleaf/multipoint';
import type { History, Input, Operation, Output } from './history.js';
import { nothingYet, serve, type Model, type Said } from './model.js';
import {
  accepts,
  agrees,
  asks,
  closes,
  invites,
  listens,
  opens,
  query,
  rejects,
  root,
  socketOf,
} from './testing.js';

// Histories by chance, for specs: clients of one session that call at the same time, as the model served them.

/** Answers a whole number from 0 to `max`, both included. */
export type Chance = (max: number) => number;

export interface Drawing {
  readonly operations: number;
  /** How many of ten calls get no answer. */
  readonly unansweredOfTen: number;
  /** How many others a call overlaps with, about. */
  readonly overlap: number;
  readonly session?: string;
}

const guests = ['bob', 'cy', 'dan', 'eve'];

/** Draws a history that is legal, because the model told it; its operations come in no particular order. */
export function drawHistory(chance: Chance, drawing: Drawing): History {
  const { operations: count, overlap, session = 'conf-7' } = drawing;
  let model: Model = nothingYet;
  const log = new Log(chance);
  const operations: Operation[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = 10 * (index + 1 + overlap);
    const call = at - chance(10 * overlap);
    const input = drawInput(chance, model);
    const base = { process: processOf(input), commandId: `c${String(index + 1)}`, call, input };
    const isUnanswered = chance(9) < drawing.unansweredOfTen;
    if (isUnanswered && chance(1) === 0) {
      operations.push({ ...base, return: null, output: null });
      continue;
    }
    const { says, next } = serve(model, input);
    const output = log.outputOf(says, next !== model);
    model = next;
    const told = { return: at + chance(10 * overlap), output };
    operations.push({ ...base, ...(isUnanswered ? { return: null, output: null } : told) });
  }
  return { schema: 1, session: session as SessionAddress, operations };
}

/** Counts revisions as a log does: several decisions may be one commit, and refusals lie between or within. */
class Log {
  #revision = 0;
  #decisions = 0;

  constructor(private readonly chance: Chance) {}

  outputOf(says: Said['says'], isChanged: boolean): Output {
    const isOpen = this.#decisions > 0 && this.chance(2) === 0;
    if (isChanged) this.#decide(isOpen);
    else if (!isOpen) this.#decisions = 0;
    const revision = this.#revision;
    if (says.type !== 'refused') {
      if (says.type === 'members') this.#decisions = 0;
      return { ...says, revision };
    }
    const decisions = this.#decisions;
    return { ...says, basedOn: { revision: decisions === 0 ? revision : revision - 1, decisions } };
  }

  #decide(isOpen: boolean): void {
    if (!isOpen) this.#revision += 1;
    this.#decisions = isOpen ? this.#decisions + 1 : 1;
  }
}

function drawInput(chance: Chance, model: Model): Input {
  if (model.phase !== 'open' && chance(9) > 0) {
    return opens({ admit: chance(1) === 0 ? 'ask' : 'auto', capacity: chance(1) + 1 });
  }
  if (model.backlog === null && chance(1) === 0) return listens(1 + chance(2));
  const guest = pick(chance, guests);
  const waiting = [model.invitation, ...model.requests].flatMap((one) => one ?? []);
  const join = waiting.length > 0 ? pick(chance, waiting).join : drawJoin(chance, model);
  switch (chance(9)) {
    case 0:
    case 1:
    case 2:
      return asks(guest, 1 + chance(1));
    case 3:
      return invites(guest, 2 + chance(40));
    case 4:
      return accepts(join);
    case 5:
      return agrees(model.invitation?.at.split(':')[0] ?? guest, join);
    case 6:
      return rejects(join, chance(1) === 0 ? 'ada' : guest);
    case 7:
      return closes(chance(15) === 0 ? root : pick(chance, somebody(model)));
    case 8:
      return chance(3) === 0 ? { type: 'expire', joins: [join] } : query;
    default:
      return query;
  }
}

const somebody = (model: Model) => [
  socketOf('bob', 1),
  ...model.members.map(({ leaf }) => leaf),
  ...(model.invitation?.link ? [model.invitation.link] : []),
];

const drawJoin = (chance: Chance, { joins }: Model): JoinId => `J${1 + chance(joins)}`;

const processOf = (input: Input): string => ('socket' in input ? (input.socket ?? 'op') : 'ada');

function pick<T>(chance: Chance, items: readonly T[]): T {
  const item = items[chance(items.length - 1)];
  assert(item !== undefined, 'something can be picked');
  return item;
}
