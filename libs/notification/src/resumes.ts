import type { NotificationStore } from '@joinleaf/jetstream-log';
import { protocolVersion, refusedReply, type Bulletin, type ResumeReply } from '@joinleaf/wire';
import { endOf } from './bulletin.js';
import type { Notifier } from './notifier.js';

/** A page of bulletins, encoded, is so large at most. */
export const pageBytes = 256 * 1_024;
const pageBulletinsMax = 512;
const readWithinMs = 1_500;

/** Answers nodes that ask where they are, or for what they missed. */
export class Resumes {
  constructor(
    private readonly notifier: Notifier,
    private readonly store: NotificationStore,
  ) {}

  /**
   * @param after - The number of the last notification that the node heard; null when a new run of it
   *   begins: then the answer says where its numbers are, and which invitations wait for it.
   * @returns WSAENETDOWN (E2) while this notifier has not read what the node was told already.
   */
  async answer(node: string, after: number | null): Promise<ResumeReply> {
    const end = endOf(await this.store.last(node));
    const { number: head } = end;
    if (after !== null) {
      const bulletins = head > after ? onePage(await this.#readAfter(node, after)) : [];
      return { v: protocolVersion, ok: true, head, bulletins, pending: [] };
    }
    const upToDate = await this.notifier.hasRead(end.place?.sequence ?? 0, readWithinMs);
    if (!upToDate) return refusedReply({ code: 'WSAENETDOWN', rule: 'E2', message: stillReading });
    const pending = this.notifier.pendingOf(node, end).map(({ notification }) => notification);
    return { v: protocolVersion, ok: true, head, bulletins: [], pending };
  }

  #readAfter(node: string, after: number): Promise<readonly Bulletin[]> {
    return this.store.readAfter(node, after, pageBulletinsMax);
  }
}

const stillReading = 'The notifier is still reading the log; ask again.';

// One bulletin fits in any case: the notifier makes none that does not.
function onePage(bulletins: readonly Bulletin[]): Bulletin[] {
  let bytes = 0;
  const fitting = bulletins.findIndex((bulletin, index) => {
    bytes += JSON.stringify(bulletin).length + 1;
    return index > 0 && bytes > pageBytes - envelopeBytes;
  });
  return bulletins.slice(0, fitting < 0 ? bulletins.length : fitting);
}

const envelopeBytes = 1_024;
