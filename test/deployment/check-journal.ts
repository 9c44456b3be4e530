import type { StoredCommit } from '@joinleaf/event-log';
import type { EventOf, SessionEvent } from '@joinleaf/multipoint';
import { dueNotifications } from './check-bulletins.js';
import type { Answer, Heard, Journal } from './journal.js';
import { commitsOf, sessionsIn, textOf, type Numbered, type Records } from './records.js';

// Holds what programs were told against the log: an answer that was given is never contradicted by it, and no
// socket hears anything twice, or anything that did not happen, or misses what did.

/** What is wrong with what programs were told. */
export function checkJournal(records: Records, journal: Journal): string[] {
  const due = dueNotifications(records.commits);
  const joins = joinsByToken(records);
  return [
    ...journal.answers.flatMap((answer) => answerFindings(answer, joins.get(answer.token) ?? [])),
    ...repeatedTokens(joins),
    ...heardFindings(journal.heard, due),
    ...missedFindings(journal, due, records),
  ];
}

/** A join as the log tells it, from its request to its end. */
interface JoinStory {
  readonly session: string;
  readonly requested: EventOf<'JoinRequested'>;
  readonly ended: SessionEvent | undefined;
}

function joinsByToken(records: Records): ReadonlyMap<string, readonly JoinStory[]> {
  const stories = sessionsIn(records).flatMap((session) => storiesOf(commitsOf(records, session)));
  return Map.groupBy(stories, ({ requested }) => textOf(requested.callerData));
}

function storiesOf(commits: readonly StoredCommit[]): JoinStory[] {
  const events = commits.flatMap(({ session, decisions }) =>
    decisions.flatMap((decided) => decided.events.map((event) => ({ session, event }))),
  );
  const requests = events.flatMap(({ session, event }) =>
    event.type === 'JoinRequested' ? [{ session, requested: event }] : [],
  );
  const ends = new Map(
    events.flatMap(({ event }) =>
      event.type === 'LeafAdmitted' || event.type === 'JoinFailed' || event.type === 'JoinCancelled'
        ? [[event.join, event] as const]
        : [],
    ),
  );
  return requests.map(({ session, requested }) => ({
    session,
    requested,
    ended: ends.get(requested.join),
  }));
}

// However often a call was repeated on its way, it is on record once.
function repeatedTokens(joins: ReadonlyMap<string, readonly JoinStory[]>): string[] {
  return [...joins]
    .filter(([token, stories]) => token !== '' && stories.length > 1)
    .map(([token, stories]) => {
      const ids = stories.map(({ session, requested }) => `${session} ${requested.join}`);
      return `${token} is on record ${String(stories.length)} times: ${ids.join(', ')}`;
    });
}

function answerFindings(answer: Answer, stories: readonly JoinStory[]): string[] {
  const said = `${answer.token} at ${answer.session} was told ${JSON.stringify(answer)}`;
  const [story] = stories;
  switch (answer.kind) {
    case 'joined': {
      const admitted =
        story?.requested.join === answer.join && story.ended?.type === 'LeafAdmitted';
      return admitted ? [] : [`${said}, and the log says ${JSON.stringify(story?.ended ?? null)}`];
    }
    case 'failed':
      return failedAsTold(answer, story)
        ? []
        : [`${said}, and the log says ${JSON.stringify(story?.ended ?? null)}`];
    case 'refused':
      if (answer.code === 'WSAEINTR') return []; // Called off here, and no answer waited for.
      return story === undefined ? [] : [`${said}, and the log has it as ${story.requested.join}`];
    case 'not-done':
      return story === undefined ? [] : [`${said}, and the log has it as ${story.requested.join}`];
    case 'unknown':
      return settledFindings(answer, story);
    case 'abandoned':
      return [];
  }
}

function failedAsTold(
  { join, code }: Answer & { readonly kind: 'failed' },
  story: JoinStory | undefined,
): boolean {
  if (story?.requested.join !== join) return false;
  // Whoever calls a join off, or whose run is over, does not wait to see what becomes of it.
  if (code === 'WSAEINTR' || code === 'WSAENETRESET') return true;
  if (story.ended?.type === 'JoinFailed') return story.ended.code === code;
  return story.ended?.type === 'JoinCancelled';
}

function settledFindings(
  { token, settled }: Answer & { readonly kind: 'unknown' },
  story: JoinStory | undefined,
): string[] {
  const { known, join } = readSettled(settled);
  if (!known) return [`${token}: nobody could say in the end: ${settled}`];
  const isOnRecord = story !== undefined;
  if (isOnRecord !== (join !== null)) {
    return [
      `${token} was settled as ${settled}, and the log has ${story?.requested.join ?? 'nothing'}`,
    ];
  }
  return [];
}

function readSettled(settled: string): { readonly known: boolean; readonly join: string | null } {
  const match = /"join":"(J\d+)"/.exec(settled);
  return { known: settled !== 'nothing', join: match?.[1] ?? null };
}

const keyOf = (at: string, id: string): string => `${at} ${id}`;

function heardFindings(
  heard: readonly Heard[],
  due: ReadonlyMap<string, readonly Numbered[]>,
): string[] {
  const known = new Map(
    [...due.values()].flat().map(({ told }) => [keyOf(told.to, told.id), told] as const),
  );
  const seen = new Set<string>();
  return heard.flatMap((one) => {
    if (one.id === '') return [`${one.at} hears ${one.type}, which is no notification`];
    const key = keyOf(one.at, one.id);
    const again = seen.has(key);
    seen.add(key);
    if (again) return [`${one.at} hears ${one.type} ${one.id} twice`];
    const told = known.get(key);
    if (told === undefined)
      return [`${one.at} hears ${one.type} ${one.id}: the log tells it nothing so`];
    const code = 'code' in told ? told.code : null;
    const same = told.kind === one.type && code === one.code;
    return same ? [] : [`${one.at} hears ${JSON.stringify(one)}, due is ${JSON.stringify(told)}`];
  });
}

/** The clock of whoever gave a node up may be wrong by so much. */
const clockMs = 6_000;

/**
 * From when on runs of nodes that were given up for lost may have missed what they were told, by run, in milliseconds since the
 * Unix epoch: from the beginning of their silence.
 */
const deafFrom = ({ nodes }: Records): ReadonlyMap<string, number> =>
  new Map(
    nodes.flatMap((record) =>
      record.type === 'NodeLost'
        ? [[`${record.node}/${record.incarnation}`, record.at - record.silentMs - clockMs] as const]
        : [],
    ),
  );

/** `ada/1k3f9x` of the socket `ada/1k3f9x/7`. */
const runOf = (socket: string): string => socket.slice(0, socket.lastIndexOf('/'));

// Everything that was told to a socket that was listened to, and that nobody at home had closed. Who gave up a call
// whose outcome was unknown has let go of its join, and hears no more of it.
function missedFindings(
  { heard, watched, closedHere, answers, answeredHere }: Journal,
  due: ReadonlyMap<string, readonly Numbered[]>,
  records: Records,
): string[] {
  const deaf = deafFrom(records);
  const storedAt = new Map(records.commits.map((commit) => [commit.sequence, commit.storedAt]));
  const seen = new Set(heard.map(({ at, id }) => keyOf(at, id)));
  const letGo = new Set(
    answers.flatMap((answer) =>
      answer.kind === 'unknown'
        ? [`${answer.session} ${readSettled(answer.settled).join ?? ''}`]
        : [],
    ),
  );
  return [...due.values()].flat().flatMap(({ told, sequence }) => {
    const { to, id, kind, session } = told;
    if (!watched.has(to) || closedHere.has(to)) return [];
    if ((storedAt.get(sequence) ?? 0) >= (deaf.get(runOf(to)) ?? Infinity)) return [];
    const join = 'join' in told ? `${session} ${told.join}` : '';
    if (letGo.has(join) || (kind === 'WITHDRAWN' && answeredHere.has(join))) return [];
    return seen.has(keyOf(to, id)) ? [] : [`${to} never heard ${kind} ${id}`];
  });
}
