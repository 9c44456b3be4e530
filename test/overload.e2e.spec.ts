import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually } from './deployment/eventually.js';
import type { Json, RawNode } from './deployment/raw-node.js';

// Whoever asks for more than there is room for is told so at once, and is served again afterwards.

const refusedForWantOfRoom = { ok: false, code: 'WSAENOBUFS', rule: 'H13', retry: 'later' };

let deployment: Deployment;
let eager: RawNode;
let calm: RawNode;

async function deploy(settings: Readonly<Record<string, string>>): Promise<void> {
  deployment = await startDeployment({ notifiers: 0, sessionSettings: settings });
  eager = await deployment.connectRaw('eager');
  calm = await deployment.connectRaw('calm');
  for (const node of [eager, calm]) await node.tell('start', { boundMs: 60_000 });
}

/** Many commands at once, each refused by its session if there is room for it. */
const burst = (count: number, session: (index: number) => string): Promise<Json[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      eager.ask(session(index), 'listen', { socket: '1', backlog: 1 }),
    ),
  );

const overIn = (replies: readonly Json[]): readonly Json[] =>
  replies.filter(({ rule }) => rule === 'H13');

const storedRefusals = async (): Promise<number> => (await deployment.records()).refusals.length;

async function servesAgain(node: RawNode, session: string): Promise<void> {
  await eventually(`${node.node} is served again`, async () => {
    const reply = await node.ask(session, 'open', { socket: node.socket() });
    return reply.ok;
  });
}

describe('a node that asks more often than it may', () => {
  beforeAll(() => deploy({ JOINLEAF_NODE_RATE_PER_S: '200', JOINLEAF_NODE_BURST: '400' }));
  afterAll(() => deployment.stop());

  it('[H13] is told how long to wait, and nothing is stored; others are not concerned', async () => {
    const before = await storedRefusals();
    const [replies, other] = await Promise.all([
      burst(1_500, () => 'room'),
      calm.ask('calm-room', 'open', { socket: calm.socket() }),
    ]);
    expect(other).toMatchObject({ ok: true });
    const over = overIn(replies);
    expect(over.length).toBeGreaterThan(500);
    expect(over[0]).toMatchObject({
      ...refusedForWantOfRoom,
      facts: { limit: 'node', perSecond: 200, retryAfterMs: expect.any(Number) as unknown },
      commandId: expect.any(String) as unknown,
    });
    expect(await deployment.session.metric('joinleaf_requests_limited_total')).toBe(over.length);
    await servesAgain(eager, 'room-2');
    await eventually('the others are on record, and none of these', async () => {
      return (await storedRefusals()) - before >= replies.length - over.length;
    });
    const ids = new Set(over.map(({ commandId }) => commandId));
    const { refusals } = await deployment.records();
    expect(refusals.filter(({ commandId }) => ids.has(commandId))).toEqual([]);
  }, 60_000);
});

describe('a session that is asked more often than it may be', () => {
  beforeAll(() => deploy({ JOINLEAF_ROOT_RATE_PER_S: '100', JOINLEAF_ROOT_BURST: '100' }));
  afterAll(() => deployment.stop());

  it('[H13] turns away whoever asks, and another session of the same node goes on', async () => {
    const replies = await burst(1_000, (index) => (index % 10 === 0 ? 'quiet' : 'busy'));
    const over = overIn(replies);
    expect(over.length).toBeGreaterThan(500);
    for (const reply of over) expect(reply).toMatchObject({ facts: { limit: 'root' } });
    expect(over.filter(({ session }) => session === 'quiet')).toEqual([]);
    await servesAgain(calm, 'busy');
  }, 60_000);
});

describe('a session service with too much in hand', () => {
  beforeAll(() => deploy({ JOINLEAF_MAILBOX_MAX: '8', JOINLEAF_IN_FLIGHT_MAX: '200' }));
  afterAll(() => deployment.stop());

  it('[H13] turns away what does not fit into the mailbox of a session', async () => {
    const replies = await burst(150, () => 'one');
    const over = overIn(replies);
    expect(over.length).toBeGreaterThan(0);
    expect(over[0]).toMatchObject({ ...refusedForWantOfRoom, facts: { waiting: 8 } });
    await servesAgain(eager, 'one');
  }, 60_000);

  it('[H13] turns away what does not fit into its hands, whichever session it is for', async () => {
    const replies = await burst(2_000, (index) => `many-${String(index)}`);
    expect(overIn(replies).length).toBeGreaterThan(0);
    const counted = await deployment.session.metric('joinleaf_requests_overloaded_total');
    expect(counted).toBe(overIn(replies).length);
    await servesAgain(eager, 'many-1');
    expect(await deployment.session.metric('joinleaf_requests_in_flight')).toBe(0);
  }, 60_000);
});
