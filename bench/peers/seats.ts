// What two recipes of etcd and ZooKeeper have in common: seats that are taken one by one, and the pause before a retry.

/** Any seat below `capacity` that nobody has; undefined when all are taken. */
export function anyFreeSeat(capacity: number, taken: ReadonlySet<number>): number | undefined {
  const free = Array.from({ length: capacity }, (_, seat) => seat).filter(
    (seat) => !taken.has(seat),
  );
  return free[Math.floor(Math.random() * free.length)];
}

export const anySeat = (capacity: number): number => Math.floor(Math.random() * capacity);

// Full jitter. Of 0, 8, 32, 64 and 256 ms this lets the most joins through.
const backOffMaxMs = 256;

export const backOffMs = (tries: number): number =>
  Math.random() * Math.min(backOffMaxMs, 2 ** tries);
