import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { nodeUserName, type NodeUser } from '@joinleaf/nats-server';
import { headers } from '@nats-io/transport-node';
import { checkHistory } from './deployment/check-history.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually } from './deployment/eventually.js';
import { partitionOf, type Json, type RawNode } from './deployment/raw-node.js';

// What a node may not do, tried by one that means harm: through the real broker, with the user that a node has, against
// the real services. After every attempt the log is what it was, and the services answer everybody else.

const password = 'a password for tests';
const nodes = ['ada', 'bob', 'eve', 'mallory'];
const users: readonly NodeUser[] = nodes.map((node) => ({ node, password }));

let deployment: Deployment;
let ada: RawNode;
let bob: RawNode;
let eve: RawNode;

const connect = (node: string) =>
  deployment.connectRaw(node, {
    servers: deployment.nats.credentials.nodes.servers,
    user: nodeUserName(node),
    pass: password,
  });

beforeAll(async () => {
  deployment = await startDeployment({ server: { nodes: users } });
  [ada, bob, eve] = await Promise.all([connect('ada'), connect('bob'), connect('eve')]);
  for (const node of [ada, bob, eve]) await node.start({ boundMs: 60_000 });
  await open('conf-7');
}, 60_000);

afterAll(async () => {
  await deployment.stop();
});

let roots = 0;
async function open(session: string, policy: Json = {}): Promise<string> {
  roots += 1;
  const root = String(roots);
  expect(await ada.ask(session, 'open', { socket: root, policy })).toMatchObject({ ok: true });
  expect(await ada.ask(session, 'listen', { socket: root, backlog: 9 })).toMatchObject({
    ok: true,
  });
  return root;
}

let ports = 10;
const asks = (node: RawNode, session: string, more: Json = {}) => {
  ports += 1;
  const local = `${node.node}:${String(ports)}`;
  return node.ask(session, 'join', { as: 'leaf', socket: String(ports), local, ...more });
};

async function storedMessages(): Promise<number> {
  const { commits, refusals, bulletins, nodes: lives, foreign } = await deployment.records();
  const told = [...bulletins.values()].reduce((sum, all) => sum + all.length, 0);
  return commits.length + refusals.length + told + lives.length + foreign.length;
}

/** Whether the services still do what they are for. */
async function servicesAnswer(): Promise<void> {
  const session = `alive-${String(roots)}`;
  await open(session, { admit: 'auto' });
  expect(await asks(bob, session)).toMatchObject({ ok: true, answer: { type: 'joined' } });
}

describe('the user of a node', () => {
  const inEverybodysName = (realm: string): readonly string[] => [
    `jl.${realm}.evt.${partitionOf('conf-7')}.conf-7`,
    `jl.${realm}.dec.${partitionOf('conf-7')}.conf-7`,
    `jl.${realm}.fd.bob`,
    `jl.${realm}.fd.eve`,
    `jl.${realm}.nodes.bob`,
    `jl.${realm}.nodes.eve`,
    `jl.${realm}.cmd.bob.${partitionOf('conf-7')}.conf-7.close`,
    `jl.${realm}.node.bob.stop`,
    `jl.${realm}.node.bob.beat`,
    `$JS.API.STREAM.DELETE.JL_EVENTS_${realm}_0`,
    `$JS.API.STREAM.MSG.GET.JL_NOTIFICATIONS_${realm}`,
    `$JS.API.STREAM.PURGE.JL_EVENTS_${realm}_0`,
    '$SRV.PING',
    '_INBOX.bob.x',
  ];

  it('writes into no stream, and speaks for nobody else', async () => {
    const before = await storedMessages();
    for (const subject of inEverybodysName(deployment.realm)) {
      const denied = eve.denied.length;
      eve.nc.publish(subject, JSON.stringify({ v: 1, incarnation: bob.incarnation }));
      await eve.nc.flush();
      await eventually(`${subject} is denied`, () => eve.denied.length > denied);
    }
    expect(await storedMessages()).toBe(before);
  });

  it('reads the notifications and the answers of nobody else', async () => {
    const spied: string[] = [];
    for (const subject of [
      `jl.${deployment.realm}.fd.bob`,
      `jl.${deployment.realm}.fd.*`,
      `jl.${deployment.realm}.evt.>`,
      'jl.>',
      '>',
      '_INBOX.bob.>',
      '_R_.>',
      '$JS.>',
    ]) {
      const denied = eve.denied.length;
      eve.nc.subscribe(subject, {
        callback: (error) => {
          if (error === null) spied.push(subject);
        },
      });
      await eve.nc.flush();
      await eventually(`${subject} is denied`, () => eve.denied.length > denied);
    }
    expect(await asks(bob, 'conf-7')).toMatchObject({ ok: true });
    await ada.hears('FD_ACCEPT', ada.socketId('1'));
    expect(spied).toEqual([]);
  });

  it('cannot have an answer stored as if it were a commit', async () => {
    const before = await storedMessages();
    const reply = `jl.${deployment.realm}.evt.${partitionOf('conf-7')}.conf-7`;
    const subject = eve.commandSubject('conf-7', 'resolve');
    const body = { v: 1, incarnation: eve.incarnation, commandId: 'somebody-elses' };
    eve.nc.publish(subject, JSON.stringify(body), { reply });
    eve.nc.publish(
      `jl.${deployment.realm}.node.eve.resume`,
      JSON.stringify({ v: 1, incarnation: eve.incarnation, after: 0 }),
      { reply },
    );
    await eve.nc.flush();
    await servicesAnswer();
    const { foreign } = await deployment.records();
    expect(foreign).toEqual([]);
    expect(await storedMessages()).toBeGreaterThan(before);
  });

  it('[R86] answers for nobody else', async () => {
    const invited = await ada.ask('conf-7', 'join', {
      ...{ as: 'root', socket: '1', leaf: 'bob:1', link: '900', deadlineMs: 30_000 },
    });
    const { join } = invited.answer as { readonly join: string };
    for (const [verb, more] of [
      ['accept', { join, socket: '1', accepted: '2' }],
      ['reject', { join, socket: '1' }],
      ['defer', { join, socket: '1' }],
    ] as const) {
      expect(await eve.ask('conf-7', verb, more)).toMatchObject({ code: 'WSAEINVAL', rule: 'R86' });
    }
    // A body can name sockets of its own node alone: what looks like the root's is one of Eve's, and plays no part.
    expect(await eve.ask('conf-7', 'close', { socket: '1' })).toMatchObject({
      ok: true,
      answer: { type: 'done', changed: false },
    });
    expect(
      await eve.ask('conf-7', 'policy', { socket: '1', policy: { capacity: 1 } }),
    ).toMatchObject({
      code: 'WSAENOTSOCK',
    });
    expect(await asks(eve, 'conf-7', { local: 'bob:5' })).toMatchObject({
      code: 'WSAEADDRNOTAVAIL',
      rule: 'R12',
    });
    expect(await ada.ask('conf-7', 'close', { socket: '900' })).toMatchObject({ rule: 'R145' });
  });

  it('[H9] learns nothing by guessing a command id', async () => {
    const commandId = bob.commandId();
    expect(await asks(bob, 'conf-7', { commandId })).toMatchObject({ ok: true });
    expect(await asks(eve, 'conf-7', { commandId })).toMatchObject({
      code: 'WSAEINVAL',
      rule: 'H9',
    });
    const body = JSON.stringify({ v: 1, incarnation: eve.incarnation, commandId });
    const asked = await eve.request(eve.commandSubject('conf-7', 'resolve'), body);
    expect(asked).not.toHaveProperty('answer');
  });
});

describe('an incarnation', () => {
  it('[H10] that was superseded changes nothing any more, and what it says is on record', async () => {
    const old = await connect('mallory');
    await old.start();
    await old.ask('old-room', 'open', { socket: '1' });
    const young = await connect('mallory');
    await young.start();

    const fenced = { ok: false, code: 'WSAENETRESET', rule: 'H10' };
    const late = { commandId: old.commandId(), socket: '2' };
    expect(await old.ask('new-room', 'open', late)).toMatchObject(fenced);
    expect(await old.tell('start')).toMatchObject(fenced);
    expect(await deployment.commitsOf('new-room')).toEqual([]);
    await eventually('the late command is on record', async () => {
      const refusals = await deployment.refusalsOf('new-room');
      return refusals.find(({ commandId, rule }) => commandId === late.commandId && rule === 'H10');
    });
    // What the older run had open is closed, and the younger one is not touched.
    await eventually('its session is over', async () => {
      const events = (await deployment.commitsOf('old-room')).flatMap(({ decisions }) =>
        decisions.flatMap((decided) => decided.events),
      );
      return events.find((event) => event.type === 'SessionClosed' && event.ending === 'root-lost');
    });
    old.beat();
    expect(await old.tell('stop')).toMatchObject({ v: 1 });
    expect(await young.ask('new-room', 'open', { socket: '2' })).toMatchObject({ ok: true });
    expect(await young.ask('new-room', 'close', { socket: '2' })).toMatchObject({ ok: true });
    expect(await young.tell('stop')).toMatchObject({ ok: true });
  });

  it('[E18] that never started is not heard', async () => {
    const stranger = await connect('eve');
    expect(await stranger.ask('conf-7', 'close', { socket: '1' })).toMatchObject({
      code: 'WSANOTINITIALISED',
      rule: 'E18',
    });
    await stranger.close();
  });
});

describe('a message that is none', () => {
  const malformed = { ok: false, code: 'WSAEFAULT', number: 10_014, rule: 'H11' };

  const good = () => ({
    ...{ v: 1, incarnation: eve.incarnation, commandId: eve.commandId() },
    ...{ as: 'leaf', socket: '7', local: 'eve:7' },
  });

  const bodies: readonly (readonly [string, () => string | Uint8Array])[] = [
    ['is empty', () => ''],
    ['is no JSON', () => '{"v":1'],
    ['is no UTF-8', () => new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
    ['is null', () => 'null'],
    ['is a list', () => '[]'],
    ['has another version', () => JSON.stringify({ ...good(), v: 2 })],
    ['has a field too many', () => JSON.stringify({ ...good(), hatch: true })],
    ['has a field too few', () => JSON.stringify({ ...good(), commandId: undefined })],
    ['has __proto__ in it', () => `{"__proto__":{"v":1},${JSON.stringify(good()).slice(1)}`],
    ['is deep', () => `{"v":${'['.repeat(7_000)}${']'.repeat(7_000)}}`],
    ['is too large', () => JSON.stringify({ ...good(), callerData: 'A'.repeat(16_384) })],
    ['is far too large', () => JSON.stringify({ ...good(), callerData: 'A'.repeat(900_000) })],
    [
      'has too much data',
      () => JSON.stringify({ ...good(), callerData: Buffer.alloc(4_097).toString('base64') }),
    ],
    ['has data that is not base64', () => JSON.stringify({ ...good(), callerData: '***' })],
    ['names a bad address', () => JSON.stringify({ ...good(), local: 'eve:*' })],
    ['names the wildcard port', () => JSON.stringify({ ...good(), local: 'eve:0' })],
    ['names a bad socket', () => JSON.stringify({ ...good(), socket: '../7' })],
    [
      'names a socket that is not its own to name',
      () => JSON.stringify({ ...good(), socket: 'J7' }),
    ],
    ['names a bad incarnation', () => JSON.stringify({ ...good(), incarnation: 'a.b' })],
    ['has a bad command id', () => JSON.stringify({ ...good(), commandId: 'a b\r\n' })],
    ['waits for ever', () => JSON.stringify({ ...good(), deadlineMs: 1e12 })],
    ['waits backwards', () => JSON.stringify({ ...good(), deadlineMs: -1 })],
  ];

  it.each(bodies)('[H11] %s: it is refused, counted, and nothing happens', async (_, body) => {
    const before = await storedMessages();
    const counted = await deployment.session.metric('joinleaf_bodies_malformed_total{');
    const reply = await eve.request(eve.commandSubject('conf-7', 'join'), body());
    expect(reply).toMatchObject(malformed);
    expect(JSON.stringify(reply).length).toBeLessThan(1_000);
    expect(await deployment.session.metric('joinleaf_bodies_malformed_total{')).toBe(counted + 1);
    expect(await storedMessages()).toBe(before);
  });

  const tooLong = 'x'.repeat(65);
  const subjects: readonly (readonly [string, string])[] = [
    ['a name that is too long', `${partitionOf(tooLong)}.${tooLong}.join`],
    ['a name with an accent', `${partitionOf('é')}.é.join`],
    ['a name with a dollar', `${partitionOf('$SYS')}.$SYS.join`],
    ['a name with a slash', `${partitionOf('../x')}.%2e%2e/x.join`],
    ['a name with a colon', `${partitionOf('a:b')}.a:b.join`],
    ['two @', `${partitionOf('@@x')}.@@x.join`],
    ['another partition', `63.conf-7.join`],
    ['an unknown verb', `${partitionOf('conf-7')}.conf-7.drop`],
    ['a verb too many', `${partitionOf('conf-7')}.conf-7.join.join`],
  ];

  it.each(subjects)('[E9] goes to %s: it is refused, and nothing happens', async (_, rest) => {
    const before = await storedMessages();
    const refused = await deployment.session.metric('joinleaf_requests_malformed_total');
    const subject = `jl.${deployment.realm}.cmd.eve.${rest}`;
    expect(await eve.request(subject, JSON.stringify(good()))).toMatchObject(malformed);
    const after = await deployment.session.metric('joinleaf_requests_malformed_total');
    expect(after).toBe(refused + 1);
    expect(await storedMessages()).toBe(before);
  });

  it('[E9] goes to a partition that is none: nobody hears it, and nothing happens', async () => {
    const before = await storedMessages();
    const subject = `jl.${deployment.realm}.cmd.eve.conf-7.conf-7.join`;
    await expect(eve.request(subject, JSON.stringify(good()))).rejects.toThrow('no responders');
    expect(await storedMessages()).toBe(before);
  });

  it('[H11] about a node is refused too', async () => {
    const tell = (verb: string, body: string) =>
      eve.request(`jl.${deployment.realm}.node.eve.${verb}`, body);
    const { incarnation } = eve;
    for (const [verb, more] of [
      ['start', { boundMs: 1 }],
      ['start', { boundMs: 1e9 }],
      ['start', { hatch: true }],
      ['stop', { v: 2 }],
      ['resume', { after: -1 }],
      ['resume', { after: 'all' }],
    ] as const) {
      expect(await tell(verb, JSON.stringify({ v: 1, incarnation, ...more }))).toMatchObject(
        malformed,
      );
    }
    expect(await tell('resume', 'x'.repeat(20_000))).toMatchObject(malformed);
    eve.nc.publish(`jl.${deployment.realm}.node.eve.beat`, 'not a beat');
    await eve.nc.flush();
    expect(await eve.tell('start')).toMatchObject({ ok: true });
  });

  it('keeps nobody from being served', async () => {
    await servicesAnswer();
    const ready = await fetch(`${deployment.session.httpUrl}/health/ready`);
    expect(ready.status).toBe(200);
  });

  it('may have a name that means something elsewhere', async () => {
    for (const session of ['__proto__', 'constructor', 'toString', '-', '@__proto__']) {
      const isGroup = session.startsWith('@');
      if (isGroup) await ada.ask(session, 'open', { socket: null });
      else await open(session, { admit: 'auto' });
      expect(await asks(bob, session)).toMatchObject({ ok: true, answer: { type: 'joined' } });
      expect(await deployment.commitsOf(session)).not.toEqual([]);
    }
  });
});

describe('headers of a caller', () => {
  it('have no effect on what is stored', async () => {
    await open('smuggled', { admit: 'auto' });
    const id = 'the same message id each time';
    const head = (await deployment.commitsOf('smuggled')).length;
    for (const [name, value] of [
      ['Nats-Msg-Id', id],
      ['Nats-Msg-Id', id],
      ['Nats-Expected-Last-Sequence', '999999'],
      ['Nats-Expected-Last-Subject-Sequence', '999999'],
      ['Nats-Expected-Last-Msg-Id', 'nothing of the kind'],
      ['Nats-Expected-Stream', 'ANOTHER'],
      ['Nats-Rollup', 'all'],
      ['Nats-TTL', '1s'],
      ['Nats-Marker-Reason', 'Purge'],
    ] as const) {
      const smuggled = headers();
      smuggled.set(name, value);
      const more = { as: 'leaf', socket: String((ports += 1)), local: `bob:${String(ports)}` };
      expect(await bob.ask('smuggled', 'join', more, smuggled)).toMatchObject({ ok: true });
    }
    expect(await deployment.commitsOf('smuggled')).toHaveLength(head + 9);
  });
});

it('leaves a history without a flaw', async () => {
  await bob.tell('stop');
  await eve.tell('stop');
  await ada.tell('stop');
  await checkHistory(deployment);
});
