import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Findings } from './fault.js';
import type { Party, World } from './world.js';

/** A broker keeps 64 MiB for whoever does not take them, beside what the system keeps for it. */
const atOnce = 160;
const junk = new Uint8Array(512 * 1_024);
const timesMax = 4;
/** A service that hears nothing for longer ends its connection by itself. */
const patienceMs = 2_000;

/** Lets a session service take nothing any more, and sends so much its way that the broker cuts it off for that. */
export async function slowedDown(world: World, party: Party): Promise<() => Promise<Findings>> {
  const { cluster, deployment } = world;
  const system = await connect({ ...cluster.credentials.sys, ignoreClusterUpdates: true });
  const isCutOff = await cutsFrom(system, cluster.replicas);
  const frozenAt = performance.now();
  world.proxy(party).freeze('down');
  for (let times = 0; times < timesMax && !(await isCutOff()); times += 1) {
    for (let sent = 0; sent < atOnce; sent += 1) {
      cluster.admin.publish(deployment.subjects.arbiters(), junk);
    }
    await cluster.admin.flush();
  }
  const tookMs = performance.now() - frozenAt;
  return async () => {
    const isAsMeant = (await isCutOff()) || tookMs > patienceMs;
    await system.close();
    world.proxy(party).mend();
    return isAsMeant ? [] : [`${party} took nothing, and no broker cut it off`];
  };
}

/** Answers whether brokers have cut off somebody for being too slow, from now on. */
async function cutsFrom(system: NatsConnection, replicas: number): Promise<() => Promise<boolean>> {
  const wish = { strategy: 'count', maxMessages: replicas, maxWait: 5_000 } as const;
  const count = async () => {
    let cuts = 0;
    for await (const answer of await system.requestMany('$SYS.REQ.SERVER.PING.VARZ', '', wish)) {
      cuts += answer.json<Figures>().data.slow_consumers;
    }
    return cuts;
  };
  const before = await count();
  return async () => (await count()) > before;
}

interface Figures {
  readonly data: { readonly slow_consumers: number };
}
