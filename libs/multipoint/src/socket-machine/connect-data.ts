import type { Base64 } from '../event.js';

/** Whether a program attached more to a join than the provider announces (R97, A13). */
export const isTooLarge = (data: Base64 | null, bytesMax: number): boolean =>
  data !== null && bytesOf(data) > bytesMax;

// How many bytes base64 text stands for.
function bytesOf(data: Base64): number {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  return (data.length / 4) * 3 - padding;
}
