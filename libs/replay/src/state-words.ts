import { outstanding, type Session } from '@joinleaf/multipoint';

const namesMax = 6;

/** A session in one line: `open, 1/2 members [ada:1], 1 waiting [J2 bob:1]`. */
export function stateWords(session: Session): string {
  switch (session.phase) {
    case 'unopened':
      return 'unopened';
    case 'shut':
      return 'shut down';
    case 'closed':
      return `closed (${session.ending})`;
    case 'open': {
      const { capacity } = session.policy;
      const members = [...session.members.values()].map(({ address }) => address);
      const waiting = outstanding(session).map(({ id, leafAddress }) => `${id} ${leafAddress}`);
      const places = capacity === null ? '' : `/${String(capacity)}`;
      const counted = `${String(members.length)}${places} ${members.length === 1 && capacity === null ? 'member' : 'members'}`;
      const rootless = session.vacancy === null ? '' : ' without a root';
      return `open${rootless}, ${counted} ${shortList(members)}, ${String(waiting.length)} waiting ${shortList(waiting)}`;
    }
  }
}

/** `[ada:1, bob:1, … 40 more]`: a list that fits a line. */
export function shortList(names: readonly string[]): string {
  const shown = names.slice(0, namesMax);
  const rest = names.length - shown.length;
  return `[${[...shown, ...(rest > 0 ? [`… ${String(rest)} more`] : [])].join(', ')}]`;
}
