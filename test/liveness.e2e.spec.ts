import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Joinleaf } from '@joinleaf/client';
import { Program } from '@joinleaf/launcher';
import type { NodeRecord } from '@joinleaf/wire';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually, within } from './deployment/eventually.js';
import { partitionOf, type Json, type RawNode } from './deployment/raw-node.js';

// Silence, and what follows from it: who is silent is suspected and then lost, who was only paused is not, and who
// could not listen says nothing about anybody.

let deployment: Deployment;
let host: Joinleaf;

beforeAll(async () => {
  deployment = await startDeployment();
  host = await deployment.connectNode('host', { boundMs: 60_000 });
}, 60_000);

afterAll(async () => {
  await deployment.stop();
});

async function recordsOf(node: string): Promise<readonly NodeRecord[]> {
  return (await deployment.records()).nodes.filter((record) => record.node === node);
}

const typesOf = async (node: string) => (await recordsOf(node)).map(({ type }) => type);

/** A program of its own process, which has joined. */
async function program(node: string, session: string, boundMs: number): Promise<Program> {
  const { servers, user = '', pass = '' } = deployment.nats.credentials.nodes;
  const client = pathToFileURL(join(import.meta.dirname, '../libs/client/dist/index.js')).href;
  const login = { servers, ...(user === '' ? {} : { user, pass }), realm: deployment.realm };
  const script = `
    const { connect } = await import(${JSON.stringify(client)});
    const jl = await connect(${JSON.stringify({ ...login, node, boundMs })});
    const outcome = await jl.joinLeaf(${JSON.stringify(session)});
    console.log(outcome.ok ? 'joined' : outcome.message);
    jl.closed.then(({ reason }) => console.log('closed ' + reason));
    setInterval(() => undefined, 60_000);
  `;
  const joined = Promise.withResolvers<undefined>();
  const started = new Program({
    name: node,
    words: ['--input-type=module', '--eval', script],
    environment: process.env,
    onLine: (line) => {
      if (line === 'joined') joined.resolve(undefined);
    },
  });
  await Promise.race([joined.promise, started.lives]);
  return started;
}

const signal = ({ pid = 0 }: Program, name: NodeJS.Signals) => {
  process.kill(pid, name);
};

describe('a program', () => {
  it('that is killed is suspected, lost, and gone at the other side, with the evidence on record', async () => {
    const root = await host.openRoot('killed', { admit: 'auto' });
    const started = await program('victim', 'killed', 1_000);
    const link = await eventually('the link', () => root.links[0]);
    await started.kill();
    expect(await within('FD_CLOSE', link.over)).toMatchObject({ code: 'WSAECONNABORTED' });
    const records = await recordsOf('victim');
    expect(records.map(({ type }) => type)).toEqual(['NodeStarted', 'NodeSuspected', 'NodeLost']);
    const [, suspected, lost] = records;
    expect(suspected).toMatchObject({ boundMs: 1_000, by: 'session' });
    expect(lost).toMatchObject({ boundMs: 1_000, by: 'session', suspectedAt: suspected?.at });
  }, 60_000);

  it('that is paused for 5 s with a bound of 15 s stays what it is, and is heard again', async () => {
    const root = await host.openRoot('paused', { admit: 'auto' });
    const started = await program('sleeper', 'paused', 15_000);
    await eventually('the link', () => root.links[0]);
    for (let pause = 1; pause <= 2; pause += 1) {
      signal(started, 'SIGSTOP');
      await delay(5_000);
      signal(started, 'SIGCONT');
    }
    await delay(4_000); // One more beat at least.
    expect(root.links).toHaveLength(1);
    expect(await typesOf('sleeper')).not.toContain('NodeLost');
    await started.kill();
  }, 60_000);

  it('that is silent for half its bound is suspected, counts as up, and is heard when it speaks', async () => {
    const raw = await deployment.connectRaw('quiet');
    await raw.start({ boundMs: 8_000 });
    await eventually('it is suspected', async () =>
      (await typesOf('quiet')).includes('NodeSuspected'),
    );
    expect(await raw.ask('quiet-room', 'open', { socket: '1' })).toMatchObject({ ok: true });
    raw.beat();
    await eventually('it is heard', async () => (await typesOf('quiet')).includes('NodeHeard'));
    await raw.tell('stop');
  }, 60_000);

  it('[H10] that was given up while it lives learns it from its next beat', async () => {
    const raw = await deployment.connectRaw('mute');
    await raw.start({ boundMs: 1_000 });
    await eventually('it is lost', async () => (await typesOf('mute')).includes('NodeLost'));
    const beat = `jl.${deployment.realm}.node.mute.beat`;
    const { incarnation } = raw;
    expect(await raw.request(beat, JSON.stringify({ v: 1, incarnation }))).toMatchObject({
      ok: false,
      ...{ code: 'WSAENETRESET', rule: 'H10' },
    });
  }, 60_000);
});

describe('a session service', () => {
  it('that was paused for longer than the bounds closes nobody', async () => {
    const root = await host.openRoot('detector', { admit: 'auto' });
    const members = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        deployment.connectNode(`member-${String(index)}`, { boundMs: 1_000 }),
      ),
    );
    for (const member of members)
      expect(await member.joinLeaf('detector')).toMatchObject({ ok: true });
    await eventually('all are linked', () => root.links.length === members.length);
    await deployment.session.freeze(5_000);
    // It answers again, and has judged many times since.
    expect(await members[0]?.joinLeaf('detector', { port: 77 })).toMatchObject({ ok: true });
    await delay(2_500); // More than a whole window, in which it would have said so.
    expect(root.links).toHaveLength(members.length + 1);
    for (const { node, status } of members) {
      expect(status).toBe('connected');
      expect(await typesOf(node)).not.toContain('NodeLost');
    }
    await Promise.all(members.map((member) => member.close()));
  }, 60_000);

  it('takes a thousand nodes that vanish together out of their sessions, while others go on', async () => {
    const nodes = await thousandNodes();
    const before = await deployment.session.metric('joinleaf_nodes_up');
    expect(before).toBeGreaterThanOrEqual(1_000);
    nodes.vanish();
    const root = await host.openRoot('meanwhile', { admit: 'auto' });
    const guest = await deployment.connectNode('guest', { boundMs: 60_000 });
    let joins = 0;
    await eventually('all of them are lost and out', async () => {
      const outcome = await guest.joinLeaf('meanwhile');
      expect(outcome).toMatchObject({ ok: true });
      if (outcome.ok) await outcome.leaf.close();
      joins += 1;
      const left = before - (await deployment.session.metric('joinleaf_nodes_up'));
      const backlog = await deployment.session.metric('joinleaf_housekeeping_backlog');
      return left >= 999 && backlog === 0;
    });
    expect(joins).toBeGreaterThan(1);
    expect(root.isOpen).toBe(true);
    const records = (await deployment.records()).nodes.filter(({ node }) =>
      node.startsWith('crowd-'),
    );
    expect(records.filter(({ type }) => type === 'NodeLost')).toHaveLength(1_000);
    const left = (await deployment.commitsOf('crowd')).flatMap(({ decisions }) =>
      decisions.flatMap(({ events }) => events.filter(({ type }) => type === 'MemberLeft')),
    );
    expect(left).toHaveLength(1_000);
  }, 120_000);
});

/** One connection of the services' account speaks for many nodes, each a member of one session. */
async function thousandNodes(): Promise<{ readonly vanish: () => void }> {
  const speaker = await deployment.connectRaw('crowd', deployment.nats.credentials.services);
  const keeper = await deployment.connectRaw('crowd-keeper', deployment.nats.credentials.services);
  await keeper.start({ boundMs: 60_000 });
  const policy = { admit: 'auto' };
  expect(await keeper.ask('crowd', 'open', { socket: '1', policy })).toMatchObject({ ok: true });
  expect(await keeper.ask('crowd', 'listen', { socket: '1', backlog: 10 })).toMatchObject({
    ok: true,
  });
  const names = Array.from({ length: 1_000 }, (_, index) => `crowd-${String(index)}`);
  const { incarnation, realm } = speaker;
  const say = (node: string, verb: string, more: Json = {}): Promise<Json> =>
    speaker.request(
      `jl.${realm}.node.${node}.${verb}`,
      JSON.stringify({ v: 1, incarnation, ...more }),
    );
  const beats = setInterval(() => {
    for (const node of names) {
      speaker.nc.publish(`jl.${realm}.node.${node}.beat`, JSON.stringify({ v: 1, incarnation }));
    }
  }, 1_000);
  for (let from = 0; from < names.length; from += 100) {
    const some = names.slice(from, from + 100);
    await Promise.all(some.map((node) => say(node, 'start', { boundMs: 4_000 })));
    await Promise.all(some.map((node) => joins(speaker, node)));
  }
  return {
    vanish: () => {
      clearInterval(beats);
    },
  };
}

async function joins(speaker: RawNode, node: string): Promise<void> {
  const { incarnation, realm } = speaker;
  const body = { v: 1, incarnation, commandId: `${node}-0001`, as: 'leaf', socket: '1' };
  const subject = `jl.${realm}.cmd.${node}.${partitionOf('crowd')}.crowd.join`;
  const reply = await speaker.request(subject, JSON.stringify({ ...body, local: `${node}:1` }));
  expect(reply).toMatchObject({ ok: true });
}
