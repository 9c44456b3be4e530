import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { checkHistory } from './deployment/check-history.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually } from './deployment/eventually.js';
import type { Json, RawNode } from './deployment/raw-node.js';

// docs/PROTOCOL.md by hand: a NATS connection and JSON, and no line of ours at either node. Who can do this in
// another language needs no library.

let deployment: Deployment;
let ada: RawNode;
let bob: RawNode;

beforeAll(async () => {
  deployment = await startDeployment();
  ada = await deployment.connectRaw('ada');
  bob = await deployment.connectRaw('bob');
}, 60_000);

afterAll(async () => {
  await deployment.stop();
});

const base64 = (text: string) => Buffer.from(text).toString('base64');

const joinIn = ({ answer }: Json): string => (answer as { readonly join: string }).join;

it('starts a node, and is told how often to beat', async () => {
  expect(await ada.start({ boundMs: 20_000 })).toEqual({
    v: 1,
    ok: true,
    boundMs: 20_000,
    beatMs: expect.any(Number),
  });
  expect(await bob.start()).toMatchObject({ ok: true, boundMs: 15_000 });
  ada.beat();
  bob.beat();
});

it('opens a session and listens', async () => {
  expect(await ada.ask('conf-7', 'open', { socket: '1' })).toMatchObject({
    v: 1,
    ok: true,
    session: 'conf-7',
    revision: 1,
    rule: 'R8',
    answer: { type: 'opened', incarnation: 1 },
  });
  expect(await ada.ask('conf-7', 'listen', { socket: '1', backlog: 5 })).toMatchObject({
    ok: true,
    answer: { type: 'done', changed: true },
  });
});

it('[R35] asks to join, is asked at the root, and hears FD_CONNECT', async () => {
  const asked = await bob.ask('conf-7', 'join', {
    as: 'leaf',
    socket: '1',
    local: 'bob:7',
    callerData: base64('it is me'),
  });
  expect(asked).toMatchObject({ ok: true, rule: 'R35', answer: { type: 'started', link: null } });

  const knock = await ada.hears('FD_ACCEPT', ada.socketId('1'));
  expect(knock).toMatchObject({
    session: 'conf-7',
    join: joinIn(asked),
    from: 'bob:7',
    flags: 'both',
    callerData: base64('it is me'),
  });

  const accepted = await ada.ask('conf-7', 'accept', {
    join: knock.join,
    socket: '1',
    accepted: '2',
    calleeData: base64('come in'),
  });
  expect(accepted).toMatchObject({
    ok: true,
    answer: { type: 'accepted', leaf: bob.socketId('1'), link: ada.socketId('2') },
  });

  expect(await bob.hears('FD_CONNECT', bob.socketId('1'))).toMatchObject({
    join: joinIn(asked),
    code: null,
    calleeData: base64('come in'),
  });
});

it('[R50] is refused with a name, a number, a rule and the facts', async () => {
  const invite = (link: string) =>
    ada.ask('conf-7', 'join', { as: 'root', socket: '1', leaf: 'bob:1', link, deadlineMs: 20_000 });
  expect(await invite('3')).toMatchObject({ ok: true, rule: 'R32' });
  const second = await invite('4');
  expect(second).toEqual({
    v: 1,
    ok: false,
    session: 'conf-7',
    commandId: expect.any(String),
    code: 'WSAEALREADY',
    number: 10_037,
    rule: 'R50',
    retry: 'wait',
    basedOn: { revision: expect.any(Number), decisions: expect.any(Number) },
    facts: { outstanding: 'J2', leaf: 'bob:1', deadlineAt: expect.any(Number) },
    message: expect.stringContaining('R50'),
  });
  const { commandId, code, rule, basedOn } = second;
  await eventually('the refusal is on record, with what it was based on', async () =>
    (await deployment.refusalsOf('conf-7')).some((refusal) => {
      expect(refusal).toMatchObject({ commandId, code, rule, basedOn });
      return true;
    }),
  );
});

it('[R30] accepts an invitation', async () => {
  const invitation = await bob.hears('FD_ACCEPT', 'bob:1');
  expect(invitation).toMatchObject({ from: ada.socketId('1'), join: 'J2' });
  const accepted = await bob.ask('conf-7', 'accept', { join: 'J2', socket: '8', accepted: '9' });
  expect(accepted).toMatchObject({
    ok: true,
    answer: { type: 'accepted', leaf: bob.socketId('9') },
  });
  expect(await ada.hears('FD_CONNECT', ada.socketId('1'))).toMatchObject({
    join: 'J2',
    code: null,
    link: ada.socketId('3'),
  });
});

it('[R136] leaves, and the root hears FD_CLOSE at its link', async () => {
  expect(await bob.ask('conf-7', 'close', { socket: '1' })).toMatchObject({
    ok: true,
    rule: 'R136',
  });
  expect(await ada.hears('FD_CLOSE', ada.socketId('2'))).toMatchObject({ code: null });
});

it('asks again for what it may have missed', async () => {
  const resumed = await ada.tell('resume', { after: 1 });
  expect(resumed).toMatchObject({ v: 1, ok: true, head: ada.heard.length });
  const told = (
    resumed.bulletins as { readonly notifications: readonly { readonly id: string }[] }[]
  )
    .flatMap(({ notifications }) => notifications)
    .map(({ id }) => id);
  expect(told).toEqual(ada.heard.slice(1).map(({ id }) => id));
});

it('[H9] hears the same answer to the same command id', async () => {
  const again = { commandId: bob.commandId(), as: 'leaf', socket: '20', local: 'bob:20' };
  const first = await bob.ask('conf-7', 'join', again);
  expect(await bob.ask('conf-7', 'join', again)).toEqual(first);
  const { v, incarnation } = { v: 1, incarnation: bob.incarnation };
  const question = JSON.stringify({ v, incarnation, commandId: again.commandId });
  expect(await bob.request(bob.commandSubject('conf-7', 'resolve'), question)).toEqual(first);
});

it('[R136] is heard in the order in which it speaks', async () => {
  await ada.ask('order', 'open', { socket: '100', policy: { admit: 'auto' } });
  await ada.ask('order', 'listen', { socket: '100', backlog: 5 });
  for (let round = 1; round <= 10; round += 1) {
    const socket = String(100 + round);
    // Nobody waits for an answer before the next word.
    const [joined, left] = await Promise.all([
      bob.ask('order', 'join', { as: 'leaf', socket, local: `bob:${socket}` }),
      bob.ask('order', 'close', { socket }),
    ]);
    expect(joined).toMatchObject({ ok: true, answer: { type: 'joined' } });
    expect(left).toMatchObject({ ok: true, answer: { type: 'done', changed: true } });
  }
});

it('[R131] hears FD_CLOSE when the root goes', async () => {
  expect(await ada.ask('conf-7', 'close', { socket: '1' })).toMatchObject({
    ok: true,
    rule: 'R131',
  });
  expect(await bob.hears('FD_CLOSE', bob.socketId('9'))).toMatchObject({ code: null });
});

it('stops, and leaves a history without a flaw', async () => {
  expect(await ada.tell('stop')).toEqual({ v: 1, ok: true });
  expect(await bob.tell('stop')).toEqual({ v: 1, ok: true });
  const { nodes } = await checkHistory(deployment);
  expect(nodes.map(({ type, node }) => `${type} ${node}`)).toEqual([
    'NodeStarted ada',
    'NodeStarted bob',
    'NodeStopped ada',
    'NodeStopped bob',
  ]);
});
