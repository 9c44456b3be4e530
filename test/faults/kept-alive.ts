import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceSlot } from '../deployment/service-slot.js';

const pauseMs = 200;

/**
 * Starts again what ends by itself, as whoever runs services does: an agent that learns that its run is over ends.
 *
 * @returns What stops doing so.
 */
export function keptAlive(slots: readonly ServiceSlot[]): () => void {
  let isOver = false;
  const over = Promise.withResolvers<undefined>();
  const keep = async (slot: ServiceSlot): Promise<void> => {
    for (;;) {
      const life = slot.lives;
      await Promise.race([slot.ends(), over.promise, nextLife(slot, life)]);
      if (isOver) return;
      if (slot.isRunning || slot.lives !== life) continue;
      await delay(pauseMs);
      await slot.start().catch(() => undefined);
    }
  };
  // A slot that is killed and started by a fault is watched again in its next life.
  const nextLife = async (slot: ServiceSlot, life: number): Promise<void> => {
    while (!isOver && (slot.lives === life || !slot.isRunning)) {
      await delay(pauseMs, undefined, { ref: false });
    }
  };
  for (const slot of slots) void keep(slot);
  return () => {
    isOver = true;
    over.resolve(undefined);
  };
}
