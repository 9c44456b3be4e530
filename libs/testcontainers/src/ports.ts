import { createServer, type AddressInfo, type Server } from 'node:net';

/**
 * Ports of this machine that are free now. A container that is killed and started again, or taken off its
 * network and put back, would get another port each time if Docker chose it.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const holders = Array.from({ length: count }, () => createServer().listen(0));
  try {
    return await Promise.all(holders.map(portOf));
  } finally {
    await Promise.all(holders.map((holder) => new Promise((closed) => holder.close(closed))));
  }
}

async function portOf(holder: Server): Promise<number> {
  if (!holder.listening) {
    await new Promise((resolve, reject) => {
      holder.once('listening', resolve).once('error', reject);
    });
  }
  return (holder.address() as AddressInfo).port;
}

/** Whether somebody else took a port in the moment between. */
export const isPortTaken = (error: unknown): boolean =>
  error instanceof Error &&
  /port is already allocated|address already in use|ports are not available/i.test(
    `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`,
  );
