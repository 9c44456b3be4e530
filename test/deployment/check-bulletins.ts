import type { StoredCommit } from '@joinleaf/event-log';
import { evolve, notify, unopened, type Session, type SessionAddress } from '@joinleaf/multipoint';
import { sameJson } from '@joinleaf/replay';
import type { ToldNotification } from '@joinleaf/wire';
import { toldTo, type Numbered, type Records } from './records.js';

// What nodes are told is a function of the log. It is computed here a second time, from the commits alone, and
// held against what was stored: nothing missing, nothing twice, nothing else, in this order.

/** Whom a notification is for: the node in `ada/1k3f9x/7` and in `ada:7`. */
export const nodeIn = (target: string): string => target.split(/[/:]/)[0] ?? '';

/** What every node has to be told, in order, numbered from 1. */
export function dueNotifications(
  commits: readonly StoredCommit[],
): ReadonlyMap<string, readonly Numbered[]> {
  const due = new Map<string, Numbered[]>();
  const sessions = new Map<SessionAddress, Session>();
  for (const commit of commits) {
    const { session, revision, sequence } = commit;
    let state = sessions.get(session) ?? unopened;
    let index = 0;
    for (const event of commit.decisions.flatMap(({ events }) => events)) {
      for (const notification of notify(state, event)) {
        const id = `${session}.${String(revision)}.${String(index)}`;
        index += 1;
        const told: ToldNotification = { ...notification, id, session, revision };
        const node = nodeIn(notification.to);
        const before = due.get(node) ?? [];
        due.set(node, [...before, { number: before.length + 1, sequence, told }]);
      }
      state = evolve(state, event);
    }
    sessions.set(session, state);
  }
  return due;
}

/** What is wrong with what nodes were told. */
export function checkBulletins(records: Records): string[] {
  const due = dueNotifications(records.commits);
  const nodes = new Set([...due.keys(), ...records.bulletins.keys()]);
  return [...nodes].flatMap((node) => [
    ...numberFindings(node, records),
    ...contentFindings(node, due.get(node) ?? [], toldTo(records, node)),
  ]);
}

/** How many notifications are still to be stored; 0 when the notifier has caught up. */
export function untold(records: Records): number {
  const due = dueNotifications(records.commits);
  const missing = [...due].map(([node, all]) => all.length - toldTo(records, node).length);
  return missing.reduce((sum, each) => sum + Math.max(0, each), 0);
}

function numberFindings(node: string, { bulletins }: Records): string[] {
  const found: string[] = [];
  let next = 1;
  for (const { first, notifications } of bulletins.get(node) ?? []) {
    if (first !== next)
      found.push(`${node} is told number ${String(first)}, due is ${String(next)}`);
    next = first + notifications.length;
  }
  return found;
}

function contentFindings(
  node: string,
  due: readonly Numbered[],
  told: readonly Numbered[],
): string[] {
  const found: string[] = [];
  const ids = new Set<string>();
  for (const { told: notification } of told) {
    if (ids.has(notification.id)) found.push(`${node} is told ${notification.id} twice`);
    ids.add(notification.id);
  }
  const known = new Set(due.map(({ told: { id } }) => id));
  for (const id of ids)
    if (!known.has(id)) found.push(`${node} is told ${id}: nothing in the log says so`);
  for (const id of known) if (!ids.has(id)) found.push(`${node} was never told ${id}`);
  if (found.length > 0) return found;
  const differs = told.findIndex(
    ({ number, told: each }, index) =>
      number !== due[index]?.number || !sameJson(each, due[index].told),
  );
  return differs < 0
    ? placeFindings(node, due, told)
    : [`${node} is told ${JSON.stringify(told[differs])}, due is ${JSON.stringify(due[differs])}`];
}

// A bulletin may hold what several commits say; its place in the log is that of the last one.
function placeFindings(
  node: string,
  due: readonly Numbered[],
  told: readonly Numbered[],
): string[] {
  const wrong = told.findIndex(({ sequence }, index) => {
    const isLast = told[index + 1]?.sequence !== sequence;
    const own = due[index]?.sequence ?? 0;
    return isLast ? own !== sequence : own > sequence;
  });
  const { number, sequence } = told[wrong] ?? {};
  return wrong < 0
    ? []
    : [`${node} is told number ${String(number)} as of commit ${String(sequence)} of the stream`];
}
