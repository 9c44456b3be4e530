import { describe, expect, it } from '@jest/globals';
import type { EntryName } from '../cast/actor.js';
import { done, must, refused } from '../cast/answer.js';
import { castOf } from '../cast/cast.js';
import {
  admitted,
  allEvents,
  connected,
  fence,
  governed,
  group,
  inGroup,
  invited,
  room,
} from '../cast/scenes.js';
import { bestEffort, flow, qos } from '../cast/structures.js';
import { CF_ACCEPT, FD, QOS_NOT_SPECIFIED, SERVICETYPE_NOTRAFFIC } from '../winsock.js';

const cast = castOf('ada', 'bob', 'carol');

const modest = qos(flow(1_000), flow(2_000));

/** A session that has this many bytes per second to give in each direction. */
const budget = (bytesPerSecond: number | null, members: number | null = null) => ({
  budget: {
    sending: { bytesPerSecond, members },
    receiving: { bytesPerSecond, members },
  },
});

const names = (recorded: readonly { readonly event: string }[]) =>
  recorded.map(({ event }) => event);

describe('a flow spec', () => {
  it('[R100] goes to the condition function in both directions, with the bytes of the provider', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const wanted = qos(flow(1_000), flow(2_000, { Latency: 500 }), Uint8Array.of(7, 0, 255));
    const leaf = await bob.leaf();
    must(await leaf.register(FD.FD_CONNECT));
    must(await leaf.join(session, { qos: wanted }));
    await root.hears('FD_ACCEPT');
    const { sights } = must(await root.accept({ condition: { decide: CF_ACCEPT } }));
    expect(sights[0]?.sqos).toMatchObject(wanted);
    await connected(leaf);
  });

  it('[R101] [A25] at the join wins over the stored one, which a null leaves in force', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    const [stored, given] = [qos(flow(1_000), flow(1_000)), qos(flow(5_000), flow(6_000))];
    const seen = [];
    for (const wanted of [given, null]) {
      const leaf = await bob.leaf();
      must(await leaf.register(FD.FD_CONNECT));
      must(await leaf.setQos(stored));
      must(await leaf.join(session, { qos: wanted }));
      await root.hears('FD_ACCEPT');
      const { sights } = must(await root.accept({ condition: { decide: CF_ACCEPT } }));
      seen.push(sights[0]?.sqos);
      await connected(leaf);
    }
    expect(seen).toMatchObject([
      { SendingFlowspec: { TokenRate: 5_000 }, ReceivingFlowspec: { TokenRate: 6_000 } },
      { SendingFlowspec: { TokenRate: 1_000 }, ReceivingFlowspec: { TokenRate: 1_000 } },
    ]);
  });

  it('[R102] [E14] [R70] that cannot be honoured fails the join, and a smaller one is accepted', async () => {
    const { ada, bob } = cast;
    const { session, root } = await governed(ada, budget(10_000));
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    const sockets = await bob.socketCount();
    const refusal = refused('WSAEOPNOTSUPP');
    expect(await leaf.join(session, { qos: qos(flow(10_001), flow(1)) })).toMatchObject(refusal);
    expect(await leaf.join(session, { qos: qos(flow(1), flow(10_001)) })).toMatchObject(refusal);
    expect(await bob.socketCount()).toBe(sockets);
    expect(await leaf.join(session, { qos: qos(flow(10_000), flow(1)) })).toMatchObject(done);
    await root.hears('FD_ACCEPT');
    must(await root.accept());
    await connected(leaf);
  });

  it('[R102] [E14] counts what others have reserved, until they go', async () => {
    const { ada, bob, carol } = cast;
    const { session, root } = await governed(ada, budget(10_000));
    const first = await admitted(root, session, bob, { qos: qos(flow(6_000), flow(1)) });
    const late = await carol.leaf();
    must(await late.register(allEvents));
    const wanted = qos(flow(6_000), flow(1));
    expect(await late.join(session, { qos: wanted })).toMatchObject(refused('WSAEOPNOTSUPP'));
    must(await first.leaf.close());
    await first.link.hears('FD_CLOSE');
    expect(await late.join(session, { qos: wanted })).toMatchObject(done);
  });

  it('[R102] [E14] of an invitation is judged as the leaf sees it', async () => {
    const { ada, bob } = cast;
    const { root } = await governed(ada, {
      budget: {
        sending: { bytesPerSecond: 1_000, members: null },
        receiving: { bytesPerSecond: 50_000, members: null },
      },
    });
    const { address } = await bob.listener();
    const wrongWay = qos(flow(1_000), flow(50_000));
    expect(await root.join(address, { qos: wrongWay })).toMatchObject(refused('WSAEOPNOTSUPP'));
    await invited(root, bob, { qos: qos(flow(50_000), flow(1_000)) });
  });

  it('[R102] [A12] that can be honoured no more is refused to whoever accepts it', async () => {
    const { ada, bob } = cast;
    const { session, root, handle } = await governed(ada, budget(10_000));
    const leaf = await bob.leaf();
    must(await leaf.register(allEvents));
    must(await leaf.join(session, { qos: modest }));
    await root.hears('FD_ACCEPT');
    await handle.call('setPolicy', budget(500));
    expect(await root.accept()).toMatchObject(refused('WSAEOPNOTSUPP'));
    // The request stays, and can be accepted when there is enough again.
    await handle.call('setPolicy', budget(10_000));
    must(await root.accept());
    await connected(leaf);
  });

  it('[R103] is WSAEOPNOTSUPP where the entry knows none, and its ioctls WSAENOPROTOOPT', async () => {
    const { ada, bob } = cast;
    const { session } = await room(ada, 'mp-plain');
    const leaf = await bob.leaf('mp-plain');
    expect(await leaf.join(session, { qos: modest })).toMatchObject(refused('WSAEOPNOTSUPP'));
    expect(await leaf.setQos(modest)).toMatchObject(refused('WSAENOPROTOOPT'));
    expect(await leaf.qos()).toMatchObject(refused('WSAENOPROTOOPT'));
  });

  it.each([
    ['mp-group-send', qos(flow(1_000), flow(0))],
    ['mp-group-receive', qos(flow(0), flow(1_000))],
  ] as const)(
    '[R104] [A24] for the direction that %s has not is ignored',
    async (entry, wanted) => {
      const { ada } = cast;
      await inGroup(ada, await group(ada), { entry: entry as EntryName, qos: wanted });
    },
  );

  it('[R105] for a group of sockets is reserved: null is what is passed, and anything else ignored', async () => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    await admitted(root, session, bob, { qos: modest, groupQos: null });
    const leaf = await bob.leaf();
    must(await leaf.register(FD.FD_CONNECT));
    must(await leaf.join(session, { groupQos: modest }));
    await root.hears('FD_ACCEPT');
    const { sights } = must(await root.accept({ condition: { decide: CF_ACCEPT } }));
    expect(sights[0]).toMatchObject({ sqos: null, gqos: null });
  });

  it('[R106] can be read after every attempt, as the network gives it', async () => {
    const { ada, bob } = cast;
    const { session, root } = await governed(ada, budget(10_000));
    const refusedLeaf = await bob.leaf();
    must(await refusedLeaf.register(allEvents));
    expect(await refusedLeaf.join(session, { qos: qos(flow(20_000), flow(1)) })).toMatchObject(
      refused('WSAEOPNOTSUPP'),
    );
    expect(await refusedLeaf.qos()).toMatchObject({ ...done, sending: expect.anything() });
    const { leaf } = await admitted(root, session, bob, { qos: modest });
    expect(await leaf.qos()).toMatchObject({
      sending: { TokenRate: 1_000 },
      receiving: { TokenRate: 2_000 },
    });
  });
});

describe('FD_QOS', () => {
  it('[R107] comes once for each change, and again after SIO_GET_QOS', async () => {
    const { ada, bob } = cast;
    const { session, root, handle } = await governed(ada, budget(10_000));
    const { leaf, link } = await admitted(root, session, bob, {
      qos: qos(flow(8_000), flow(2_000)),
    });
    must(await leaf.qos());
    await leaf.recorded();

    await handle.call('setPolicy', budget(4_000));
    expect(await leaf.hears('FD_QOS')).toBeNull();
    expect(names(await leaf.recorded())).not.toContain('FD_QOS');
    expect(await leaf.qos()).toMatchObject({ sending: { TokenRate: 4_000 } });
    // At the link the directions are exchanged.
    expect(await link.hears('FD_QOS')).toBeNull();
    expect(await link.qos()).toMatchObject({ receiving: { TokenRate: 4_000 } });

    // Nothing that differs is no change.
    await handle.call('setPolicy', { capacity: 7 });
    await fence(root, bob);
    expect(names(await leaf.recorded())).not.toContain('FD_QOS');

    await handle.call('setPolicy', budget(10_000));
    expect(await leaf.hears('FD_QOS')).toBeNull();
    expect(await leaf.qos()).toMatchObject({ sending: { TokenRate: 8_000 } });
  });

  it('[R107] [R122] does not come again before SIO_GET_QOS', async () => {
    const { ada, bob } = cast;
    const { session, root, handle } = await governed(ada, budget(10_000));
    const { leaf } = await admitted(root, session, bob, { qos: qos(flow(8_000), flow(2_000)) });
    must(await leaf.qos());
    await leaf.recorded();
    await handle.call('setPolicy', budget(4_000));
    await leaf.hears('FD_QOS');
    await handle.call('setPolicy', budget(3_000));
    await fence(root, bob);
    expect(names(await leaf.recorded())).not.toContain('FD_QOS');
    expect(await leaf.qos()).toMatchObject({ sending: { TokenRate: 3_000 } });
  });
});

describe('a flow spec that makes no sense', () => {
  const good = flow(1_000);
  it.each([
    ['has no token rate', qos(flow(0), good)],
    ['peaks below its token rate', qos(flow(1_000, { PeakBandwidth: 999 }), good)],
    ['sends without a service type', qos(flow(1_000, { ServiceType: QOS_NOT_SPECIFIED }), good)],
    ['guarantees no rate in particular', qos(flow(QOS_NOT_SPECIFIED), good)],
  ])('[R108] since it %s is refused, at the join and when it is stored', async (_, wanted) => {
    const { ada, bob } = cast;
    const { session } = await room(ada);
    const leaf = await bob.leaf();
    expect(await leaf.join(session, { qos: wanted })).toMatchObject(refused('WSAEOPNOTSUPP'));
    expect(await leaf.setQos(wanted)).toMatchObject(refused('WSAEOPNOTSUPP'));
  });

  it.each([
    ['leaves the rest open', modest],
    ['is best effort without a rate', qos(bestEffort(), bestEffort())],
    [
      'has a direction that is not used',
      qos(flow(1_000), bestEffort({ ServiceType: SERVICETYPE_NOTRAFFIC })),
    ],
    ['peaks at its token rate', qos(flow(1_000, { PeakBandwidth: 1_000 }), flow(1_000))],
  ])('[R108] is not one that %s', async (_, wanted) => {
    const { ada, bob } = cast;
    const { session, root } = await room(ada);
    await admitted(root, session, bob, { qos: wanted });
  });
});
