import {
  outstanding,
  type Join,
  type Member,
  type OpenSession,
  type Session,
  type Vacancy,
} from '@joinleaf/multipoint';
import { timeOfDay } from '@joinleaf/replay';
import { dim, line, strong, type Line } from './page.js';
import { entry } from './paragraphs.js';
import { dataWords, ordinal, policyWords } from './words.js';
import type { Telling } from './telling.js';
import { padEnd } from './width.js';

export interface StatePageOptions extends Telling {
  /** Do not shorten long lists. */
  readonly all: boolean;
}

const margin = 11;
const listMax = 20;

/** A session at a position, as a card. */
export function statePage(
  title: string,
  session: Session,
  options: StatePageOptions,
): readonly Line[] {
  const head = line(strong(title), '   ', phaseText(session));
  if (session.phase === 'unopened') return [head];
  if (session.phase !== 'open') {
    const root = session.phase === 'shut' ? [item('root', session.root ?? 'none', options)] : [];
    return [head, ...root.flat(), ...item('joins', `${String(session.joinCount)} so far`, options)];
  }
  return [head, ...openLines(session, options)];
}

/** What a session is, in a few words. */
export function phaseText(session: Session): string {
  switch (session.phase) {
    case 'unopened':
      return 'unopened: nobody has opened it yet';
    case 'shut':
      return 'shut down · its root still holds the address';
    case 'closed':
      return `closed (${session.ending})`;
    case 'open': {
      const { control, data, incarnation, members, policy, vacancy } = session;
      const rootless = vacancy === null ? '' : ' · without a root';
      const places = policy.capacity === null ? '' : ` of ${String(policy.capacity)}`;
      const again = incarnation === 1 ? '' : ` · ${ordinal(incarnation)} session`;
      const kind = control === 'nonrooted' ? 'group' : `rooted, data ${data}`;
      const count = `${String(members.size)}${places} ${members.size === 1 && places === '' ? 'member' : 'members'}`;
      return `open${rootless} · ${kind} · ${count} · ${String(outstanding(session).length)} waiting${again}`;
    }
  }
}

const item = (label: string, text: string, { width }: Telling): readonly Line[] =>
  entry(dim(`  ${label}`), margin + 2, text, width);

function openLines(session: OpenSession, options: StatePageOptions): readonly Line[] {
  const { root, vacancy, policy, backlog, members } = session;
  const listening = backlog === null ? 'not listening' : `listening, backlog ${String(backlog)}`;
  return [
    ...(root === null ? [] : item('root', `${root} · ${listening}`, options)),
    ...(vacancy === null ? [] : item('root', vacancyText(vacancy), options)),
    ...item('policy', policyWords(policy), options),
    ...list('members', [...members.values()].map(memberText), options),
    ...list(
      'waiting',
      outstanding(session).map((join) => joinText(join, options)),
      options,
    ),
  ];
}

function vacancyText({ lost, heir, until }: Vacancy): string {
  const who = heir === null ? 'anybody may open it' : `${heir} is the heir`;
  return `lost (${lost}) · ${who} · until ${timeOfDay(until)}`;
}

function list(label: string, texts: readonly string[], options: StatePageOptions): readonly Line[] {
  if (texts.length === 0) return item(label, 'none', options);
  const shown = options.all || texts.length <= listMax ? texts : texts.slice(0, listMax - 1);
  const rest = texts.length - shown.length;
  const all = rest === 0 ? shown : [...shown, `… ${String(rest)} more (--full)`];
  return all.flatMap((text, index) => item(index === 0 ? label : '', text, options));
}

const memberText = ({ leaf, link, address, join, flags }: Member): string => {
  const sockets = link === null ? leaf : `${leaf}, link ${link}`;
  return `${padEnd(join, 4)} ${padEnd(address, 10)} ${flags} · ${sockets}`;
};

function joinText(join: Join, telling: Telling): string {
  const { id, kind, leafAddress, flags, callerData, deadlineAt, deferred } = join;
  const words = [
    kind === 'invitation' ? 'invited' : 'asks',
    flags,
    dataWords('caller', callerData, telling),
    deadlineAt === null ? '' : `until ${timeOfDay(deadlineAt)}`,
    deferred ? 'put off' : '',
  ].filter((word) => word !== '');
  return `${padEnd(id, 4)} ${padEnd(leafAddress, 10)} ${words.join(' · ')}`;
}
