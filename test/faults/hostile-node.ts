import { eventually } from '../deployment/eventually.js';
import { partitionOf } from '../deployment/raw-node.js';
import type { World } from './world.js';

let tries = 0;

/** Tries what no node may do, and answers what was let through. */
export async function hostileNode({ deployment }: World): Promise<readonly string[]> {
  tries += 1;
  const name = `mallory-${String(tries)}`;
  const mallory = await deployment.connectRaw(name);
  const { realm } = deployment;
  const wrong: string[] = [];
  const denied = async (what: string, attempt: () => void): Promise<void> => {
    const before = mallory.denied.length;
    attempt();
    await mallory.nc.flush();
    await eventually(`${what} is denied`, () => mallory.denied.length > before, {
      withinMs: 5_000,
    }).catch(() => wrong.push(`${what} was not denied to ${name}`));
  };
  const partition = partitionOf('room-1');
  for (const subject of [
    `jl.${realm}.evt.${partition}.room-1`,
    `jl.${realm}.dec.${partition}.room-1`,
    `jl.${realm}.fd.host-1`,
    `jl.${realm}.nodes.host-1`,
    `$JS.API.STREAM.DELETE.JL_EVENTS_${realm}_0`,
  ]) {
    await denied(`publishing to ${subject}`, () => {
      mallory.nc.publish(subject, '{}');
    });
  }
  for (const subject of [`jl.${realm}.evt.>`, `jl.${realm}.cmd.>`, '$JS.>', '>']) {
    await denied(`listening to ${subject}`, () => {
      mallory.nc.subscribe(subject, { callback: () => undefined });
    });
  }
  await mallory.close();
  return wrong;
}
