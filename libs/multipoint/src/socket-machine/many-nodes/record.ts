import type { WsaCode } from '../../wsa.js';
import type { NetworkEvent, RecordedEvent } from '../watch.js';

// The event record of one socket, in the words of Winsock's notification rules: what was nominated, what
// is recorded, and what has to be called before it is recorded again.

export class EventRecord {
  object: number | null = null;
  mask: readonly NetworkEvent[] = [];
  /** FD_ACCEPT: `spent` once it was read, until accept is called (R122). */
  accept: 'armed' | 'recorded' | 'spent' = 'armed';
  /** An outcome of a join that nobody has read. */
  connect: { readonly code: WsaCode | null } | null = null;
  close: { readonly code: WsaCode | null } | 'read' | null = null;
  /** Something was recorded that the event object has not been set for yet. */
  isNews = false;

  /** A child is registered as its parent is, and has nothing of its record (R74, R75, R78, R79). */
  child(): EventRecord {
    const record = new EventRecord();
    record.object = this.object;
    record.mask = this.mask;
    return record;
  }

  nominates(event: NetworkEvent): boolean {
    return this.mask.includes(event);
  }

  /** R118, R119: another registration; what is unread and the case is recorded under it. */
  select(object: number, mask: readonly NetworkEvent[], requestWaits: boolean): void {
    this.object = mask.length === 0 ? null : object;
    this.mask = mask;
    if (this.accept === 'recorded') this.accept = 'armed';
    this.look(requestWaits);
    this.isNews = this.now.length > 0;
  }

  /** R123: FD_ACCEPT is recorded while it is armed and a request waits. */
  look(requestWaits: boolean): void {
    if (requestWaits && this.accept === 'armed' && this.nominates('FD_ACCEPT')) {
      this.accept = 'recorded';
      this.isNews = true;
    }
  }

  /** R91: accept was called. */
  arm(requestWaits: boolean): void {
    this.accept = 'armed';
    this.look(requestWaits);
  }

  /** R67, A10: a join ended; what nobody has read of an older one gives way. */
  joinEnded(code: WsaCode | null): void {
    this.connect = { code };
    if (this.nominates('FD_CONNECT')) this.isNews = true;
  }

  /** R129: once. */
  connectionEnded(code: WsaCode | null): void {
    this.close ??= { code };
    if (this.nominates('FD_CLOSE')) this.isNews = true;
  }

  /** A11: an outcome that nobody asked to hear of is forgotten when the next join begins. */
  joinBegins(): void {
    if (!this.nominates('FD_CONNECT')) this.connect = null;
  }

  /** What enumerating answers now. */
  get now(): readonly RecordedEvent[] {
    const { accept, connect, close } = this;
    const recorded: RecordedEvent[] = [];
    if (accept === 'recorded') recorded.push({ event: 'FD_ACCEPT', code: null });
    if (connect !== null && this.nominates('FD_CONNECT')) {
      recorded.push({ event: 'FD_CONNECT', code: connect.code });
    }
    if (close !== null && close !== 'read' && this.nominates('FD_CLOSE')) {
      recorded.push({ event: 'FD_CLOSE', code: close.code });
    }
    return recorded;
  }

  /** R120: enumerating clears what it answers. */
  clear(): void {
    for (const { event } of this.now) {
      if (event === 'FD_ACCEPT') this.accept = 'spent';
      if (event === 'FD_CONNECT') this.connect = null;
      if (event === 'FD_CLOSE') this.close = 'read';
    }
  }
}
