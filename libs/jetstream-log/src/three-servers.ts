import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

const indexes = [0, 1, 2] as const;

/** What to start each of three servers of one cluster with: `broker-0`, `broker-1` and `broker-2`. */
export function threeServers() {
  const first = randomInt(12_000, 19_000);
  const passwords = { services: 'one', auditor: 'two', nodes: 'three', sys: 'four' };
  return indexes.map((index) => {
    const others = indexes.filter((other) => other !== index);
    const routes = others.map((other) => `127.0.0.1:${String(first + other)}`);
    const server = `broker-${String(index)}`;
    const place = { cluster: 'three', server, port: first + index, routes };
    return { host: '127.0.0.1', passwords, sync: 'always', place } as const;
  });
}

/** Looks until it is so; the test's own time is its end. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(50);
}
