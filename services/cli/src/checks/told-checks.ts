import { isDeepStrictEqual } from 'node:util';
import { bulletinsPerNodeMax, type FollowedRecord } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Told } from '@joinleaf/projection';
import type { Bulletin, ToldNotification } from '@joinleaf/wire';
import { counted } from '../counted.js';
import { finding, problemOf, type Finding, type Problem } from './finding.js';

/** A notification that was told, and that the log did not tell at this place. */
interface Extra {
  readonly number: number;
  readonly session: SessionAddress;
  readonly revision: number;
  readonly id: string;
}

interface NodeTold {
  /** The number of the first notification that is kept. */
  readonly first: number;
  readonly entries: ToldNotification[];
  readonly problems: Problem[];
  readonly extras: Extra[];
  bulletins: number;
  /** The next of `entries` that the log has to tell. */
  next: number;
  /** Told by the log before the first that is kept. */
  before: number;
  untold: number;
  places: ReadonlyMap<string, number> | null;
}

const problemsMax = 10;
const toldNext =
  'what nodes were told can be rebuilt: stop the notifiers, delete the notifications stream, and start them';

/**
 * Whether nodes were told what the log says they are to hear: numbers without a gap, every notification once, in the
 * order of the log and with its content. First come the bulletins, as they are kept, and then the log.
 */
export class ToldChecks {
  readonly #nodes = new Map<string, NodeTold>();
  readonly #stray: Problem[] = [];
  readonly #logEnd: number;
  #notifications = 0;

  /** @param logEnd - Where the log ended before anything of this was read: what is later may not be told yet. */
  constructor(logEnd: number) {
    this.#logEnd = logEnd;
  }

  /** Takes the next of the notifications stream. */
  keep(followed: Exclude<FollowedRecord<Bulletin>, { kind: 'caught-up' }>): void {
    if (followed.kind === 'unreadable') {
      const { sequence, reason } = followed;
      const detail = `message ${String(sequence)} is no bulletin: ${reason}`;
      this.#stray.push(problemOf('unreadable', detail, toldNext, sequence));
      return;
    }
    const { record: bulletin, sequence } = followed;
    const { node: name, first, notifications } = bulletin;
    const node = this.#nodes.get(name) ?? this.#start(name, first);
    const due = node.first + node.entries.length;
    if (first !== due) {
      const detail = `number ${String(due)} should follow, and ${String(first)} does`;
      note(node, problemOf('numbers', detail, toldNext, sequence));
    }
    node.bulletins += 1;
    node.entries.push(...notifications);
    this.#notifications += notifications.length;
  }

  /** Takes what the log tells next. */
  expect({ node: name, notification, place }: Told): void {
    const node = this.#nodes.get(name) ?? this.#start(name, 1);
    const entry = node.entries[node.next];
    if (entry === undefined) {
      if (place.sequence <= this.#logEnd) node.untold += 1;
    } else if (entry.id === notification.id) {
      const number = node.first + node.next;
      const field = differingField(entry, notification);
      if (field !== null) {
        const detail = `number ${String(number)}, ${entry.id}, was told with another ${field} than the log says`;
        note(node, problemOf('told-otherwise', detail, toldNext));
      }
      node.next += 1;
    } else {
      this.#search(node, notification);
    }
  }

  /** What nodes know of sessions that the log does not hold, as far as nothing else explains it. */
  *unknown(
    headOf: (session: SessionAddress) => number,
    isDamaged: (session: SessionAddress) => boolean,
  ): Generator<{ readonly session: SessionAddress; readonly detail: string }> {
    for (const [name, node] of this.#nodes) {
      const rest = node.entries
        .slice(node.next)
        .map((entry, index) => extraOf(entry, node.first + node.next + index));
      for (const extra of [...node.extras, ...rest]) {
        const { session, revision, id, number } = extra;
        if (isDamaged(session)) continue;
        if (revision > headOf(session)) {
          yield {
            session,
            detail: `${name} was told of revision ${String(revision)} (number ${String(number)}, ${id}), and the log ends at ${String(headOf(session))}`,
          };
        } else {
          const detail = `number ${String(number)}, ${id}, is not what the log tells there`;
          note(node, problemOf('told-otherwise', detail, toldNext));
        }
      }
    }
  }

  get streamProblems(): readonly Problem[] {
    return this.#stray;
  }

  /** The nodes of which something has to be said, and all of them in one line. */
  findings(): readonly Finding[] {
    const wrong = [...this.#nodes]
      .filter(([, { problems }]) => problems.length > 0)
      .map(([name, { problems }]) => finding(`node ${name}`, 'was told otherwise', problems));
    const untold = [...this.#nodes.values()].reduce((sum, node) => sum + node.untold, 0);
    const told = counted(this.#notifications, 'notification');
    const all = finding(
      'notifications',
      `${told} of ${counted(this.#nodes.size, 'node')} are what the log tells`,
      [],
      untold === 0 ? [] : [`${counted(untold, 'notification')} not told yet: is a notifier there?`],
    );
    return wrong.length === 0 ? [all] : wrong;
  }

  #start(name: string, first: number): NodeTold {
    const made: NodeTold = {
      first,
      entries: [],
      problems: [],
      extras: [],
      bulletins: 0,
      next: 0,
      before: 0,
      untold: 0,
      places: null,
    };
    this.#nodes.set(name, made);
    return made;
  }

  #search(node: NodeTold, notification: Told['notification']): void {
    node.places ??= new Map(node.entries.map(({ id }, index) => [id, index]));
    const place = node.places.get(notification.id);
    if (place !== undefined && place >= node.next) {
      for (let index = node.next; index < place; index += 1) {
        const entry = node.entries[index];
        if (entry !== undefined) node.extras.push(extraOf(entry, node.first + index));
      }
      node.next = place + 1;
      return;
    }
    // Only so many bulletins are kept: the oldest may have gone.
    const mayBeGone = node.next === 0 && node.first > 1;
    if (mayBeGone && (node.before < node.first - 1 || node.bulletins >= bulletinsPerNodeMax)) {
      node.before += 1;
      return;
    }
    const detail = `${notification.id} was never told, and what comes after it was`;
    note(node, problemOf('not-told', detail, toldNext));
  }
}

// A flood of the same says no more than its beginning.
function note(node: NodeTold, problem: Problem): void {
  if (node.problems.length < problemsMax) node.problems.push(problem);
}

const extraOf = ({ session, revision, id }: ToldNotification, number: number): Extra => ({
  session,
  revision,
  id,
  number,
});

/** What was told is compared field by field: an older notifier told less, and nothing else. */
function differingField(told: ToldNotification, expected: Told['notification']): string | null {
  const said = JSON.parse(JSON.stringify(expected)) as Record<string, unknown>;
  const fields = Object.entries(told) as [string, unknown][];
  const differing = fields.find(([name, value]) => !isDeepStrictEqual(value, said[name]));
  return differing?.[0] ?? null;
}
