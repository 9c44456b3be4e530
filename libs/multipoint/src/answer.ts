import type { SessionCommand } from './command.js';
import type { JoinId, SessionEvent } from './event.js';
import type { SocketId } from './socket-id.js';

/** What a caller is told at once, when its command was not refused. */
export type Answer =
  | { readonly type: 'opened'; readonly incarnation: number }
  /** The join is on record; its outcome is announced by FD_CONNECT. */
  | {
      readonly type: 'started';
      readonly join: JoinId;
      readonly link: SocketId | null;
      readonly deadlineAt: number | null;
    }
  /** The join is on record and already succeeded. */
  | { readonly type: 'joined'; readonly join: JoinId; readonly link: SocketId | null }
  | {
      readonly type: 'accepted';
      readonly join: JoinId;
      readonly leaf: SocketId;
      readonly link: SocketId | null;
    }
  | { readonly type: 'done'; readonly changed: boolean };

/**
 * The answer to a decided command, from what the log keeps of it alone: a command that is repeated
 * hears the same answer again, from any arbiter, at any later time.
 */
export function answer(command: SessionCommand, events: readonly SessionEvent[]): Answer {
  const admitted = events.find((event) => event.type === 'LeafAdmitted');
  const requested = events.find((event) => event.type === 'JoinRequested');
  const opened = events.find((event) => event.type === 'SessionOpened');
  const replaced = events.find((event) => event.type === 'RootReplaced');
  const { incarnation } = opened ?? replaced ?? { incarnation: null };
  if (incarnation !== null) return { type: 'opened', incarnation };
  if (requested !== undefined && admitted !== undefined) {
    return { type: 'joined', join: requested.join, link: admitted.link };
  }
  if (requested !== undefined) {
    const { join, link, deadlineAt } = requested;
    return { type: 'started', join, link, deadlineAt };
  }
  if (admitted !== undefined && command.type === 'AcceptJoin') {
    const { join, leaf, link } = admitted;
    return { type: 'accepted', join, leaf, link };
  }
  return { type: 'done', changed: events.some(({ type }) => type !== 'CommandSettled') };
}
