import type { DataPlane } from '../../event.js';
import type { Effect } from '../effect.js';
import type { Received } from '../receive.js';
import { nameIn, type Hand, type Held } from './held.js';
import { hold, same } from './hold.js';
import type { Truth } from './truth.js';

// Session data and side chats, as Winsock speaks of them: who reaches whom, each once, and in order.

type Publish = Extract<Effect, { type: 'publish' }>;

/** A message that a program has sent. */
interface Posted {
  readonly from: string;
  readonly session: string;
  readonly incarnation: number;
  readonly plane: DataPlane;
  readonly fromRoot: boolean;
  /** The other end of the link, for a side chat. */
  readonly chatWith: string | null;
  /** The how-manieth message of its sender. */
  readonly order: number;
  /** Who was in when it was sent, and so must be able to receive it for as long as it stays in. */
  readonly owedTo: readonly Held[];
}

/** A send that a program has made. */
interface Sending {
  readonly hand: Hand;
  readonly held: Held;
  readonly effects: readonly Effect[];
  readonly isChat: boolean;
}

export class Mail {
  readonly #posted = new Map<Uint8Array, Posted>();
  readonly #received = new Map<Held, Map<string, number>>();
  readonly #seen = new Map<Held, Set<Uint8Array>>();
  #sent = 0;

  /** A send that succeeded: it goes out once, as what it is. */
  sent(hands: Iterable<Hand>, truth: Truth, { hand, held, effects, isChat }: Sending): void {
    const publishes = effects.filter((effect): effect is Publish => effect.type === 'publish');
    const [publish] = publishes;
    if (publish === undefined || publishes.length > 1) {
      throw new Error('not true: R151: a message goes out once');
    }
    const { bytes, channel, session, from } = publish.datum;
    const plane = truth.planeOf(held.of ?? held.bound ?? '');
    const name = nameIn(hand, held);
    same([session, from], [held.of ?? held.bound, name], 'R157: a message is of its session');
    this.#sent += 1;
    const base = { from, session, incarnation: held.incarnation, plane };
    const chatWith = typeof channel === 'string' ? null : channel.socket;
    same(chatWith !== null, isChat || held.isLink, 'R161: what is said in a side chat stays there');
    if (chatWith !== null) {
      const isOtherEnd = truth.otherEnds(session, name).some((end) => end === chatWith);
      hold(isOtherEnd, 'R161: a side chat is with the other end');
    }
    const fromRoot = held.dataRole === 'd_root';
    const posted = { ...base, chatWith, fromRoot, order: this.#sent };
    // Two ends of a link that learn of each other at different times may miss what the first one says (H23).
    const mayBeMissed = chatWith !== null && truth.hasLostRoot(session);
    const owedTo = [...(mayBeMissed ? [] : hands)].flatMap((to) =>
      [...to.held.values()].filter((one) => reaches(posted, to, one) && isIn(one)),
    );
    this.#posted.set(bytes, { ...posted, owedTo });
  }

  /** A receive that succeeded: of somebody who reaches this socket, not heard before, and in order. */
  received(hand: Hand, held: Held, { bytes, from, isChat }: Received): void {
    const posted = this.#posted.get(bytes);
    if (posted === undefined) throw new Error('not true: R157: what is received was sent');
    held.unread -= 1;
    same(
      [from, isChat],
      [posted.from, posted.chatWith !== null],
      'R161: it is told who speaks, and to whom',
    );
    hold(reaches(posted, hand, held), 'R153, R157, R161: it reaches nobody but those it is for');
    const seen = this.#seen.get(held) ?? new Set();
    hold(!seen.has(bytes), 'R151: a message is received once');
    this.#seen.set(held, seen.add(bytes));
    const last = this.#received.get(held) ?? new Map<string, number>();
    const key = `${from} ${String(isChat)}`;
    hold((last.get(key) ?? 0) < posted.order, 'R157: messages of one sender keep their order');
    this.#received.set(held, last.set(key, posted.order));
  }

  /** Nothing is under way, and everything was received: who was in, and is in still, misses nothing. */
  nothingMissed(hands: readonly Hand[]): void {
    for (const { shut, unread, descriptor } of hands.flatMap(({ held }) => [...held.values()])) {
      const isRead = shut.receive || unread <= 0;
      hold(
        isRead,
        `R128: what was announced at ${String(descriptor)} can be read, after FD_CLOSE too`,
      );
    }
    for (const [bytes, { owedTo, from, chatWith }] of this.#posted) {
      for (const held of owedTo) {
        if (chatWith !== null && held.isRelinked) continue;
        const hand = hands.find((one) => one.held.get(held.descriptor) === held);
        if (hand === undefined || !isIn(held)) continue;
        const isThere = this.#seen.get(held)?.has(bytes) === true;
        hold(isThere, `R151, R152, R154: ${nameIn(hand, held)} has received what ${from} sent`);
      }
    }
  }
}

const isIn = ({ kind, seat, session, shut, isLinked }: Held): boolean =>
  !shut.receive && isLinked && (kind === 'root' ? session === 'open' : seat === 'member');

// R72, R151-R155, R161: a link hears its side chat alone; in a rooted plane what a d_root sends goes to the
// d_leafs, and what they send to the d_roots.
function reaches(posted: Omit<Posted, 'owedTo'>, hand: Hand, held: Held): boolean {
  if ((held.of ?? held.bound) !== posted.session || held.incarnation !== posted.incarnation)
    return false;
  const name = nameIn(hand, held);
  if (posted.chatWith !== null) return posted.chatWith === name;
  if (held.isLink || held.kind === 'plain') return false;
  if (posted.plane === 'nonrooted') return true;
  return (held.dataRole === 'd_root') !== posted.fromRoot;
}
