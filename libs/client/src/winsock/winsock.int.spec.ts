import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { natsForTests } from '@joinleaf/nats-server';
import { connect as connectToNats, type NatsConnection } from '@nats-io/transport-node';
import type { Joinleaf } from '../api.js';
import { connect } from '../connect.js';
import { Counterpart } from '../counterpart.js';
import { CF_REJECT } from './numbers/calls.js';
import { FD_ACCEPT, FD_CLOSE, FD_CONNECT, FD_READ } from './numbers/network-events.js';
import { must, Program, room } from './program.js';
import { WSPStartup } from './startup.js';

const nats = natsForTests({ beforeAll, afterAll });
let services: NatsConnection;
const open: Joinleaf[] = [];

beforeEach(async () => {
  services = await connectToNats(nats().credentials.services);
  new Counterpart(services);
  await services.flush();
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((jl) => jl.close()));
  await services.close();
});

const node = async (
  name: string,
): Promise<{ readonly jl: Joinleaf; readonly program: Program }> => {
  const { servers, user, pass } = nats().credentials.nodes;
  const jl = await connect({ servers, user, pass, node: name });
  open.push(jl);
  return { jl, program: new Program(WSPStartup(jl)) };
};

const text = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes ?? undefined);
const conf = 'conf-7';

describe('through a broker', () => {
  it('[R114] [R92] [R95] [R151] [R161] [R136] a leaf joins, talks and leaves', async () => {
    const [{ program: ada }, { program: bob }] = [await node('ada'), await node('bob')];
    const root = await ada.listeningRoot(conf);
    const leaf = bob.socket();
    const callee = room(64);
    const hello = new TextEncoder().encode('hello');
    const callerData = { len: hello.length, buf: hello };
    const joining = bob.join(leaf, conf, { callerData, calleeData: callee });
    let heard = '';
    const link = must(
      await ada.accept(root, (_caller, data, _sqos, _gqos, _callee, answer) => {
        heard = text(data?.buf ?? null);
        answer.buf?.set(new TextEncoder().encode('welcome'));
        answer.len = 7;
        return 0;
      }),
    );
    expect([must(await joining), heard]).toEqual([leaf, 'hello']);
    expect(text(callee.buf?.subarray(0, callee.len) ?? null)).toBe('welcome');
    must(await ada.send(root, 'to all'));
    expect(await bob.receive(leaf)).toMatchObject({ text: 'to all' });
    must(await ada.send(link, 'to you'));
    expect(await bob.receive(leaf)).toMatchObject({ text: 'to you' });
    const { event } = ada.register(link, FD_CLOSE);
    must(await bob.close(leaf));
    expect(await event?.wait(5_000)).toBe(true);
    expect(ada.enumerate(link, event).mask).toBe(FD_CLOSE);
  });

  it('[R31] [R67] [R82] [E8] a root invites, and hears FD_CONNECT of both kinds', async () => {
    const [{ program: ada }, { program: bob }] = [await node('ada'), await node('bob')];
    const root = await ada.root(conf);
    const { event } = ada.register(root, FD_CONNECT);
    const listener = await bob.listener('bob:1');
    const dead = must(await ada.join(root, 'bob:1'));
    expect(await bob.accept(listener, () => CF_REJECT)).toMatchObject({
      error: 'WSAECONNREFUSED R82',
    });
    expect(await event?.wait(5_000)).toBe(true);
    expect(ada.enumerate(root, event).errors[4]).toBe(10_061);
    must(await ada.close(dead));
    const link = must(await ada.join(root, 'bob:1'));
    const member = must(await bob.accept(listener));
    expect(await event?.wait(5_000)).toBe(true);
    expect(ada.enumerate(root, event).errors[4]).toBe(0);
    must(await bob.send(member, 'here I am'));
    must(await ada.close(link));
    // Who sends to all hears it too (R155).
    expect(await bob.receive(member)).toMatchObject({ text: 'here I am' });
    expect(await bob.receive(member)).toMatchObject({ error: 'WSAEDISCON R159' });
  });
});

describe('with the idiomatic API on the same node', () => {
  it('[R36] [R37] a root of one is listened to by the other', async () => {
    const [{ jl, program: ada }, { program: bob }] = [await node('ada'), await node('bob')];
    const root = await jl.openRoot(conf);
    const { event } = ada.register(root.descriptor, FD_ACCEPT | FD_READ);
    const leaf = bob.socket();
    const joining = bob.join(leaf, conf);
    expect(await event?.wait(5_000)).toBe(true);
    expect(ada.enumerate(root.descriptor, event).mask).toBe(FD_ACCEPT);
    const link = must(await ada.accept(root.descriptor));
    expect(must(await joining)).toBe(leaf);
    must(await bob.send(leaf, 'to the root'));
    expect(await event?.wait(5_000)).toBe(true);
    expect(await ada.receive(root.descriptor)).toMatchObject({ error: null, text: 'to the root' });
    await root.close();
    expect(await bob.receive(leaf)).toMatchObject({ text: 'to the root' });
    expect(await bob.receive(leaf)).toMatchObject({ error: 'WSAEDISCON R159' });
    must(await ada.close(link));
  });

  it('[R35] [R38] a leaf of the one joins a root of the other', async () => {
    const [{ program: ada }, { jl }] = [await node('ada'), await node('bob')];
    const root = await ada.listeningRoot(conf);
    const joining = jl.joinLeaf(conf, { callerData: 'hi' });
    const link = must(await ada.accept(root));
    const outcome = await joining;
    if (!outcome.ok) throw new Error(outcome.message);
    must(await ada.close(link));
    expect(await outcome.leaf.over).toMatchObject({ by: 'peer', code: null });
  });

  it('[R140] a close by the one ends what waits in the other', async () => {
    const { jl, program: ada } = await node('ada');
    const root = await jl.openRoot(conf);
    const accepting = ada.accept(root.descriptor);
    await root.close();
    expect(await accepting).toMatchObject({ error: 'WSAEINTR R140' });
    const listener = await ada.listeningRoot('conf-8');
    const other = ada.accept(listener);
    await jl.close();
    expect(await other).toMatchObject({ error: 'WSANOTINITIALISED E18' });
    expect(await ada.accept(listener)).toMatchObject({ error: 'WSANOTINITIALISED E18' });
  });

  it('[R122] [R123] FD_READ is told to both', async () => {
    const [{ program: ada }, { jl, program: bob }] = [await node('ada'), await node('bob')];
    const root = await ada.listeningRoot(conf);
    const joining = jl.joinLeaf(conf);
    must(await ada.accept(root));
    const outcome = await joining;
    if (!outcome.ok) throw new Error(outcome.message);
    const { descriptor } = outcome.leaf;
    const { event } = bob.register(descriptor, FD_READ);
    must(await ada.send(root, 'for either'));
    expect(await event?.wait(5_000)).toBe(true);
    expect(await bob.receive(descriptor)).toMatchObject({ text: 'for either' });
  });
});
