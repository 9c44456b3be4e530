import { nothingFolded } from '@joinleaf/event-log';
import { JetStreamLog } from '@joinleaf/jetstream-log';
import { tell } from '@joinleaf/projection';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Bulletin, ToldNotification } from '@joinleaf/wire';
import type { Stage } from './stage.js';

/** What nodes were told, as they heard it; to be compared with what the log had to say. */
export class Told {
  readonly #ids = new Map<string, string[]>();
  readonly #last = new Map<string, number>();
  readonly #listeners = new Set<(notification: ToldNotification, node: string) => void>();
  #problem: string | null = null;

  hear({ node, first, notifications }: Bulletin): void {
    const due = (this.#last.get(node) ?? first - 1) + 1;
    if (first !== due) {
      this.#problem ??= `${node} was told number ${String(first)} when ${String(due)} was due`;
    }
    this.#last.set(node, first + notifications.length - 1);
    for (const notification of notifications) {
      this.#idsOf(node, notification.session).push(notification.id);
      for (const listener of this.#listeners) listener(notification, node);
    }
  }

  /** Calls back at everything that is told, until what it returns is called. */
  listen(listener: (notification: ToldNotification, node: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * What nodes should have been told otherwise: every one of them all that the log says, once, in its order. So the
   * order at each socket is kept as well. Null when all is well.
   */
  async check(
    { services: nc, subjects }: Stage,
    addresses: readonly SessionAddress[],
  ): Promise<string | null> {
    const log = new JetStreamLog({ nc, subjects });
    for (const address of addresses) {
      if (this.#problem !== null) break;
      this.#problem = this.#compare(address, await idsIn(log, address));
    }
    return this.#problem;
  }

  #compare(address: SessionAddress, due: ReadonlyMap<string, readonly string[]>): string | null {
    for (const [node, ids] of due) {
      const heard = this.#idsOf(node, address);
      const wrong = ids.findIndex((id, at) => heard[at] !== id);
      if (wrong >= 0) {
        return `${node} should have been told ${ids[wrong] ?? ''}, and heard ${heard[wrong] ?? 'nothing'}`;
      }
      if (heard.length > ids.length)
        return `${node} was told ${heard.at(-1) ?? ''}, once too often`;
    }
    return null;
  }

  #idsOf(node: string, address: SessionAddress): string[] {
    const key = `${node} ${address}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const ids: string[] = [];
    this.#ids.set(key, ids);
    return ids;
  }
}

async function idsIn(
  log: JetStreamLog,
  address: SessionAddress,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const due = new Map<string, string[]>();
  let folded = nothingFolded;
  for await (const commit of log.read(address)) {
    const { after, told } = tell(folded, commit);
    folded = after;
    for (const { node, notification } of told) {
      const ids = due.get(node);
      if (ids === undefined) due.set(node, [notification.id]);
      else ids.push(notification.id);
    }
  }
  return due;
}
