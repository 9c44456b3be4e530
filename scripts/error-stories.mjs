// Histories for the pages of docs/errors, made by the decider itself: conf-7 is ada's, bob, cy and dan come
// and go.
import { createHash } from 'node:crypto';
import { Recorder } from '@joinleaf/replay';
import {
  accepts,
  asks,
  at,
  changes,
  closes,
  conf,
  crowd,
  defers,
  everyday,
  invites,
  listens,
  loses,
  opens,
  rejects,
  shutsDown,
  socket,
  startAt,
} from '@joinleaf/replay/contract';
import { decide, notSpecified, serviceTypes } from '@joinleaf/multipoint';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const begins = (options) => new Recorder({ session: conf, sha256, startAt, ...options });

/** The session is held already, and its root does not listen yet. */
function early() {
  const story = begins();
  story.decide(opens()).wait(40);
  story.decide(opens({}, { root: socket('zoe', 4) })).wait(20);
  story.decide(asks('bob', story.now)).wait(60);
  return story.decide(invites('eve', 11, story.now, { leafNode: 'unknown' }));
}

/** Two ask; one is turned down, one is let in, and somebody answers who was not asked. */
function door() {
  const story = begins();
  story.decide(opens()).decide(listens(5)).wait(80);
  story.decide(asks('bob', story.now)).wait(500);
  story.decide(rejects('J1')).wait(900);
  story.decide(asks('cy', story.now)).wait(30);
  story.decide(accepts('J2', { acceptor: socket('dan', 2), accepted: socket('dan', 3) })).wait(300);
  story.decide(defers('J2')).wait(700);
  story.decide(accepts('J2', { accepted: socket('ada', 11) })).wait(50);
  return story.decide(listens(9, socket('cy', 1))).decide(shutsDown(socket('cy', 1)));
}

/** A member is replaced by its own endpoint, a request is cancelled, and the last one leaves. */
function comings() {
  const story = begins();
  story
    .decide(opens({ identity: { kind: 'replace-old' } }))
    .decide(listens(5))
    .wait(80);
  story.decide(asks('bob', story.now)).wait(20);
  story.decide(accepts('J1', { accepted: socket('ada', 11) })).wait(4_000);
  story
    .decide(asks('bob', story.now, { caller: socket('bob', 7), leafAddress: at('bob') }))
    .wait(20);
  story.decide(accepts('J2', { accepted: socket('ada', 12) })).wait(900);
  story.decide(asks('cy', story.now)).wait(400);
  story.decide(closes(socket('cy', 1))).wait(2_000);
  story.decide(closes(socket('bob', 7))).wait(1_000);
  story.decide(shutsDown()).wait(10);
  return story.decide(invites('dan', 13, story.now));
}

/** A closed door, and a changed mind. */
function policies() {
  const story = begins();
  story
    .decide(opens({ capacity: 1, deny: ['mallory'] }))
    .decide(listens(5))
    .wait(80);
  story
    .decide(asks('bob', story.now))
    .decide(accepts('J1', { accepted: socket('ada', 11) }))
    .wait(90);
  story.decide(asks('mallory', story.now)).wait(90);
  return story.decide(asks('cy', story.now)).decide(changes({ capacity: 2 }));
}

/** Two members that send much, where the session has not enough for both. */
function flows() {
  const budget = { bytesPerSecond: 100_000, members: null };
  const none = { bytesPerSecond: null, members: null };
  const story = begins();
  story
    .decide(opens({ budget: { sending: budget, receiving: none } }))
    .decide(listens(5))
    .wait(80);
  story.decide(asks('bob', story.now, { qos: sendingAt(80_000) }));
  story.decide(accepts('J1', { accepted: socket('ada', 11) })).wait(90);
  return story.decide(asks('cy', story.now, { qos: sendingAt(50_000) }));
}

function sendingAt(tokenRate) {
  const any = notSpecified;
  const sizes = { tokenBucketSize: any, latency: any, delayVariation: any };
  const spec = {
    tokenRate,
    peakBandwidth: any,
    ...sizes,
    maxSduSize: any,
    minimumPolicedSize: any,
  };
  const [guaranteed, noTraffic] = [serviceTypes.guaranteed, serviceTypes.noTraffic];
  return {
    sending: { ...spec, serviceType: guaranteed },
    receiving: { ...spec, tokenRate: any, serviceType: noTraffic },
    providerSpecific: null,
  };
}

/** Everything else that ends a join or a membership. */
function ends() {
  const story = begins();
  story.decide(opens()).decide(listens(5)).wait(80);
  story.decide(invites('eve', 11, story.now)).wait(5);
  story.decide(rejects('J1', { acceptor: null, node: 'eve', reason: 'nobody-listens' })).wait(5);
  story.decide(invites('eve', 12, story.now)).wait(5);
  story.decide(rejects('J2', { acceptor: null, node: 'eve', reason: 'backlog-full' })).wait(5);
  story
    .decide(asks('bob', story.now))
    .decide(accepts('J3', { accepted: socket('ada', 13) }))
    .wait(5);
  story.decide(asks('cy', story.now)).decide(asks('dan', story.now)).decide(listens(1)).wait(5);
  story.decide({ ...closes(socket('bob', 1)), abortive: true }).wait(5);
  story.decide(accepts('J4', { accepted: socket('ada', 14) })).decide(asks('eve', story.now));
  return story.wait(20_000).decide(loses('ada'));
}

/** The arbiter takes nothing from a run of a node that it has declared over. */
function overdue() {
  const isLost = ({ caller }) => caller?.startsWith('bob/run1') === true;
  const fenced = {
    ok: false,
    error: { code: 'WSAENETRESET', rule: 'H10', facts: { status: 'lost' } },
  };
  const story = begins({
    decider: (command, session) => (isLost(command) ? fenced : decide(command, session)),
  });
  story.decide(opens()).decide(listens(5)).wait(80);
  return story.decide(asks('bob', story.now));
}

const stories = {
  everyday: () => everyday(sha256),
  crowd: () => crowd(sha256),
  early,
  door,
  comings,
  policies,
  flows,
  ends,
  overdue,
};

/** The names of all stories. */
export const storyNames = Object.keys(stories);

/** The history of a story. */
export function storyOf(name) {
  const story = stories[name];
  if (story === undefined) throw new Error(`there is no story ${name}`);
  return story().history;
}
