import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkHistory } from './deployment/check-history.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { printedChance } from './deployment/chance.js';
import { eventually } from './deployment/eventually.js';
import { Journal } from './deployment/journal.js';
import type { Json, RawNode } from './deployment/raw-node.js';
import { commitsOf, refusalsOf } from './deployment/records.js';
import { Traffic } from './deployment/traffic.js';

// Two session services and two notifiers work on the same sessions without any agreement who serves what. That is a
// normal state of affairs, not a fault: every promise has to hold all the same.

const rounds = 20;
const racers = 8;
const chance = printedChance('race.e2e');
const journal = new Journal();

let deployment: Deployment;
let host: RawNode;
let guests: readonly RawNode[];
let traffic: Traffic;

beforeAll(async () => {
  deployment = await startDeployment({
    sessions: 2,
    notifiers: 2,
    sessionSettings: { JOINLEAF_HEARS: 'all' },
  });
  host = await deployment.connectRaw('host');
  const names = Array.from({ length: racers }, (_, index) => `racer-${String(index + 1)}`);
  guests = await Promise.all(names.map((name) => deployment.connectRaw(name)));
  await Promise.all([host, ...guests].map((node) => node.start({ boundMs: 60_000 })));
}, 60_000);

afterAll(async () => {
  await deployment.stop();
});

async function openRoom(session: string, policy: Json = {}): Promise<string> {
  const root = host.socket();
  await accepted(host.ask(session, 'open', { socket: root, policy }));
  await accepted(host.ask(session, 'listen', { socket: root, backlog: 100 }));
  return root;
}

async function accepted(asking: Promise<Json>): Promise<Json> {
  const reply = await asking;
  expect(reply).toMatchObject({ ok: true });
  return reply;
}

const invite = (session: string, root: string, guest: RawNode, link: string) => () =>
  host.ask(session, 'join', { as: 'root', socket: root, leaf: `${guest.node}:1`, link });

const ask = (session: string, guest: RawNode) => () =>
  guest.ask(session, 'join', { as: 'leaf', socket: guest.socket(), local: `${guest.node}:2` });

/** All at once, in an order that chance decides. */
function race(...calls: readonly (() => Promise<Json>)[]): Promise<Json[]> {
  const order = calls.map((call) => ({ call, at: chance.next() })).sort((a, b) => a.at - b.at);
  return Promise.all(order.map(({ call }) => call()));
}

const words = (reply: Json): string =>
  reply.ok === true ? 'ok' : `${String(reply.code)} ${String(reply.rule)}`;

const countOf = (replies: readonly Json[]) =>
  Object.fromEntries([...Map.groupBy(replies, words)].map(([word, all]) => [word, all.length]));

describe('two session services', () => {
  it('[R50] let a root invite one leaf at a time, however many it invites at once', async () => {
    const root = await openRoom('invitations');
    for (let round = 1; round <= rounds; round += 1) {
      const links = guests.map(() => host.socket());
      const calls = guests.map((guest, index) =>
        invite('invitations', root, guest, links[index] ?? ''),
      );
      const replies = await race(...calls);
      expect(countOf(replies)).toEqual({ ok: 1, 'WSAEALREADY R50': racers - 1 });
      await Promise.all(
        links.map((link) => accepted(host.ask('invitations', 'close', { socket: link }))),
      );
    }
  });

  it('[H5] admit as many as there are places, and nobody else', async () => {
    await openRoom('places', { admit: 'auto', capacity: 3 });
    const replies = await race(...guests.map((guest) => ask('places', guest)));
    expect(countOf(replies)).toEqual({ ok: 3, 'WSAENOBUFS H5': racers - 3 });
  });

  it('[H3] let one endpoint ask once, whoever is asked', async () => {
    await openRoom('endpoints');
    for (const guest of guests) {
      const replies = await race(
        ask('endpoints', guest),
        ask('endpoints', guest),
        ask('endpoints', guest),
      );
      expect(countOf(replies)).toEqual({ ok: 1, 'WSAEALREADY H3': 2 });
    }
  });

  it('[H9] give one command one answer, however often it arrives', async () => {
    await openRoom('repetitions', { admit: 'auto', capacity: 5 });
    for (const guest of guests) {
      const commandId = guest.commandId();
      const body = { as: 'leaf', commandId, socket: guest.socket(), local: `${guest.node}:2` };
      const again = () => guest.ask('repetitions', 'join', body);
      const [first, ...others] = await race(again, again, again, again);
      // Who came second may be told by a service that never saw the first: the words are the same all the same.
      for (const other of others) expect(answerIn(other)).toEqual(answerIn(first));
      expect(answerIn(await again())).toEqual(answerIn(first));
    }
    const told = (await deployment.commitsOf('repetitions')).flatMap(({ decisions }) => decisions);
    expect(told.filter(({ command }) => command.type === 'RequestJoin')).toHaveLength(5);
  });

  it('[R145] end an invitation once when it is accepted and cancelled at the same time', async () => {
    const root = await openRoom('crossings');
    const ends = { accepted: 0, cancelled: 0 };
    for (let round = 1; round <= rounds; round += 1) {
      const guest = chance.pick(guests);
      const link = host.socket();
      const started = await accepted(invite('crossings', root, guest, link)());
      const { join } = started.answer as { readonly join: string };
      const socket = guest.socket();
      const accept = () =>
        guest.ask('crossings', 'accept', { join, socket: guest.socket(), accepted: socket });
      const cancel = () => host.ask('crossings', 'close', { socket: link });
      const replies = await race(accept, cancel);
      const acceptance = replies.find(
        (reply) => words(reply) !== 'ok' || 'leaf' in Object(reply.answer),
      );
      if (acceptance?.ok === true) ends.accepted += 1;
      else {
        expect(words(acceptance ?? {})).toBe('WSAEACCES R87');
        ends.cancelled += 1;
      }
      await accepted(guest.ask('crossings', 'close', { socket }));
    }
    expect(ends.accepted + ends.cancelled).toBe(rounds);
  });

  it('[H12] say what became of a command while others are being decided', async () => {
    await openRoom('questions');
    const replies = await race(
      ...guests.flatMap((guest) => [
        ask('questions', guest),
        () =>
          guest.request(
            guest.commandSubject('questions', 'resolve'),
            resolveBody(guest, `unknown-to-${guest.node}`),
          ),
        () =>
          guest.request(
            guest.commandSubject('questions', 'resolve'),
            resolveBody(guest, `unknown-to-${guest.node}`),
          ),
      ]),
    );
    expect(countOf(replies)).toEqual({ ok: racers, 'WSAENETDOWN H12': 2 * racers });
  });

  it('[H9] never record what was told no, however late one of them takes it', async () => {
    await openRoom('late', { admit: 'auto', capacity: 1 });
    const [first, ...others] = guests as readonly [RawNode, ...RawNode[]];
    const socket = first.socket();
    const asksFirst = { as: 'leaf', socket, local: 'racer-1:2' };
    await accepted(first.ask('late', 'join', asksFirst));

    const [slow] = deployment.sessions;
    slow?.pause();
    const told = await Promise.all(others.map((guest) => toldInTheEnd(guest, 'late')));
    await insistently(first, 'late', 'close', { commandId: first.commandId(), socket });
    slow?.goOn();
    expect(told.some(({ tries }) => tries > 1)).toBe(true);
    expect(new Set(told.map(({ reply }) => words(reply)))).toEqual(new Set(['WSAENOBUFS H5']));

    await eventually('both answer again', () => bothAnswer('late'));
    const asked = new Set(told.map(({ commandId }) => commandId));
    const events = (await deployment.commitsOf('late')).flatMap(({ decisions }) =>
      decisions.flatMap((decided) => (asked.has(decided.commandId) ? decided.events : [])),
    );
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['CommandSettled']));
  });

  it('both decided, in turn and on the same sessions', async () => {
    const commits = await deployment.commitsOf('invitations');
    expect(new Set(commits.map(({ arbiter }) => arbiter)).size).toBe(2);
    const turns = commits.filter(({ arbiter }, index) => arbiter !== commits[index - 1]?.arbiter);
    expect(turns.length).toBeGreaterThan(2);
  });

  it('record every refusal with the state it was based on, in the end', async () => {
    await eventually('every refusal is on record', async () => {
      const records = await deployment.records();
      const refused = refusalsOf(records, 'invitations').filter(({ rule }) => rule === 'R50');
      return refused.length === rounds * (racers - 1);
    });
    const records = await deployment.records();
    const last = commitsOf(records, 'invitations').at(-1)?.revision ?? 0;
    for (const { basedOn } of refusalsOf(records, 'invitations')) {
      expect(basedOn.revision).toBeLessThanOrEqual(last);
    }
  });
});

describe('two session services and two notifiers', () => {
  it('let programs come and go, and tell each of them everything once', async () => {
    traffic = await Traffic.start({ deployment, journal, chance: chance.split() });
    await traffic.goesOn(60);
    // Both notifiers tell: what comes a second time is known by its number.
    expect(traffic.stats.duplicatesDropped).toBeGreaterThan(0);
  }, 90_000);

  it('go on when one of each is killed, and when it is back', async () => {
    for (const slot of [chance.pick(deployment.sessions), chance.pick(deployment.notifiers)]) {
      await slot.kill();
      await traffic.goesOn(10);
      await slot.start();
      await traffic.goesOn(5);
    }
  }, 90_000);

  it('leave nobody without an outcome', async () => {
    await traffic.stop();
    process.stderr.write(`race.e2e: ${journal.summary} ${JSON.stringify(traffic.stats)}\n`);
    expect(journal.waiting).toBe(0);
  }, 90_000);

  it('leave a history without a flaw', async () => {
    for (const node of [host, ...guests]) await node.tell('stop');
    const records = await checkHistory(deployment, { journal });
    expect(records.commits.length).toBeGreaterThan(100);
  }, 60_000);
});

/** Asks until an answer comes, always under the same command id. */
async function insistently(node: RawNode, session: string, verb: string, body: Json) {
  for (let tries = 1; ; tries += 1) {
    const asked = tries === 1 ? body : { ...body, repeat: true };
    const reply = await node.tryToAsk(session, verb, asked, 250);
    if (reply !== null) return { reply, tries };
  }
}

async function toldInTheEnd(guest: RawNode, session: string) {
  const commandId = guest.commandId();
  const body = { as: 'leaf', commandId, socket: guest.socket(), local: `${guest.node}:2` };
  return { commandId, ...(await insistently(guest, session, 'join', body)) };
}

async function bothAnswer(session: string): Promise<boolean> {
  const asking = Array.from({ length: 20 }, () =>
    host.tryToAsk(session, 'close', { socket: '999' }, 500),
  );
  return (await Promise.all(asking)).every((reply) => reply !== null);
}

const answerIn = ({ ok, code, rule, answer }: Json = {}) => ({ ok, code, rule, answer });

const resolveBody = ({ incarnation }: RawNode, commandId: string): string =>
  JSON.stringify({ v: 1, incarnation, commandId });
