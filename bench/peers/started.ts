import { temporaryFolder } from '../temporary-folder.js';
import type { Keeper, Peer, Running } from './peer.js';

export interface Started {
  readonly running: Running;
  readonly keeper: Keeper;
}

/** Starts a peer's servers on a folder of their own, and connects its keeper; `stack` ends all of it. */
export async function startPeer(
  peer: Peer,
  boundMs: number,
  stack: AsyncDisposableStack,
): Promise<Started> {
  const { path: folder } = stack.use(await temporaryFolder(`peer-${peer.id}`));
  const running = await peer.start({ folder, boundMs });
  stack.defer(() => running.stop());
  const keeper = await peer.keep(running.address, boundMs);
  stack.defer(() => keeper.close().catch(() => undefined));
  return { running, keeper };
}
