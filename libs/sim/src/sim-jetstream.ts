import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { Chance } from './chance.js';
import type { Packet } from './network.js';
import type { ServerPart, SimNats } from './sim-nats.js';
import { matches } from './subscribers.js';
import { SimStream, type Kept } from './sim-stream.js';

/** What the leader of a clustered stream has taken in, and a majority has not confirmed yet. */
interface Proposal {
  readonly stream: SimStream;
  readonly packet: Packet;
  readonly messageId: string | null;
}

const wrongLastSequence = 10_071;
const wrongLastSequenceInFlight = 10_164;
const duplicateInFlight = 10_158;
const notFound = 10_037;
const streamNotFound = 10_059;
const logFull = 10_077;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * JetStream as it was measured on nats-server 2.15: the order of its checks with one replica and with three, acknowledgements
 * that come after the message is stored, proposals that outlive a leader, a new leader that answers from less than it has, and
 * a damaged store that leaves messages out without a word. The contract suites hold this model against the real server.
 */
export class SimJetStream implements ServerPart {
  readonly #streams = new Map<string, SimStream>();
  readonly #nats: SimNats;
  readonly #chance: Chance;
  #proposals: Proposal[] = [];
  #leader: 'there' | 'away' = 'there';
  #term = 1;
  /** When a majority has what was proposed last: it agrees in order. */
  #agreedAt = 0;
  /** Until when reads leave out the last messages, and how many. */
  #lag = { until: 0, hidden: 0 };
  /** How often something was answered from less than there was. */
  lagged = 0;

  constructor(
    nats: SimNats,
    readonly replicas: 1 | 3,
  ) {
    this.#nats = nats;
    this.#chance = nats.chance.fork('jetstream');
    nats.add(this);
  }

  add(name: string, subjects: readonly string[], messagesMax = Infinity): SimStream {
    const stream = new SimStream(name, subjects, messagesMax);
    this.#streams.set(name, stream);
    return stream;
  }

  stream(name: string): SimStream {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new Error(`there is no stream ${name}`);
    return stream;
  }

  /** Whether an acknowledged message may be missing from what reads see. */
  get isLagging(): boolean {
    return this.#nats.timeline.now < this.#lag.until && this.#lag.hidden > 0;
  }

  /**
   * The leader of the streams is lost, and another is elected after a while. What it had proposed is stored by the new one or
   * is lost, in order; nobody is told which.
   */
  loseLeader(forMs: number, lagMs: number): void {
    if (this.replicas === 1 || this.#leader === 'away') return;
    this.#leader = 'away';
    this.#term += 1;
    const survivors = this.#proposals.slice(0, this.#chance.whole(0, this.#proposals.length));
    this.#proposals = [];
    this.#nats.timeline.after(forMs, () => {
      this.#leader = 'there';
      for (const { stream, packet, messageId } of survivors) this.#store(stream, packet, messageId);
      const hidden = survivors.length + this.#chance.whole(0, 2);
      this.#lag = { until: this.#nats.timeline.now + lagMs, hidden };
    });
  }

  published(packet: Packet): boolean {
    const { subject, reply } = packet;
    if (subject.startsWith('$JS.API.')) return this.#asked(packet);
    const stream = this.#streamOf(subject);
    if (stream === undefined) return false;
    if (this.#leader === 'away') return reply !== undefined && this.#chance.maybe(0.3);
    this.#take(stream, packet);
    return true;
  }

  #streamOf(subject: string): SimStream | undefined {
    if (subject.startsWith('_INBOX.')) return undefined;
    const tokens = subject.split('.');
    return [...this.#streams.values()].find(({ patterns }) =>
      patterns.some((pattern) => matches(pattern, tokens)),
    );
  }

  // One server looks at the expected sequence first, a cluster at the message id.
  #take(stream: SimStream, packet: Packet): void {
    const messageId = headerOf(packet.headers, 'Nats-Msg-Id');
    const known = messageId === null ? undefined : stream.sequenceOf(messageId, this.#now);
    const wrong = this.#wrongSequence(stream, packet);
    if (this.replicas === 1) {
      if (wrong !== null) this.#refuse(packet, wrong, 'wrong last sequence');
      else if (known !== undefined) this.#acknowledge(stream, packet, known, true);
      else if (stream.isFull) this.#refuse(packet, logFull, 'maximum messages exceeded');
      else this.#acknowledge(stream, packet, this.#store(stream, packet, messageId), false);
      return;
    }
    if (known !== undefined) this.#acknowledge(stream, packet, known, true);
    else if (this.#isProposed(messageId)) this.#refuse(packet, duplicateInFlight, 'in process');
    else if (wrong !== null) this.#refuse(packet, wrong, 'wrong last sequence');
    else if (stream.isFull) this.#refuse(packet, logFull, 'maximum messages exceeded');
    else this.#propose({ stream, packet, messageId });
  }

  #isProposed(messageId: string | null): boolean {
    return messageId !== null && this.#proposals.some((other) => other.messageId === messageId);
  }

  #wrongSequence(stream: SimStream, { subject, headers: given }: Packet): number | null {
    const expected = headerOf(given, 'Nats-Expected-Last-Subject-Sequence');
    if (expected === null) return null;
    const isInFlight = this.#proposals.some((other) => other.packet.subject === subject);
    if (isInFlight) return wrongLastSequenceInFlight;
    return stream.lastOf(subject) === Number(expected) ? null : wrongLastSequence;
  }

  #propose(proposal: Proposal): void {
    const { stream, packet, messageId } = proposal;
    const term = this.#term;
    this.#proposals.push(proposal);
    const now = this.#nats.timeline.now;
    this.#agreedAt = Math.max(this.#agreedAt, now + this.#chance.between(0.3, 2));
    this.#nats.timeline.after(this.#agreedAt - now, () => {
      if (term !== this.#term) return;
      this.#proposals = this.#proposals.filter((other) => other !== proposal);
      const sequence = this.#store(stream, packet, messageId);
      this.#lag = { until: 0, hidden: 0 }; // Who stores has caught up.
      this.#acknowledge(stream, packet, sequence, false);
    });
  }

  #store(stream: SimStream, { subject, data }: Packet, messageId: string | null): number {
    return stream.keep(subject, data, messageId, this.#now);
  }

  #acknowledge(stream: SimStream, packet: Packet, seq: number, duplicate: boolean): void {
    this.#answer(packet, { stream: stream.name, seq, ...(duplicate ? { duplicate } : {}) });
  }

  #refuse(packet: Packet, code: number, description: string): void {
    this.#answer(packet, { error: { code: 400, err_code: code, description } });
  }

  #asked(packet: Packet): boolean {
    if (this.#leader === 'away') return this.#chance.maybe(0.3);
    const [, , family, ...rest] = packet.subject.split('.');
    const stream = this.#streams.get(rest.at(-1) ?? '');
    if (stream === undefined) this.#refuse(packet, streamNotFound, 'stream not found');
    else if (family === 'DIRECT') this.#sendBatch(stream, packet);
    else if (rest[0] === 'INFO') this.#answer(packet, this.#infoOf(stream, packet));
    else this.#sendOne(stream, packet);
    return true;
  }

  #infoOf(stream: SimStream, { data }: Packet): object {
    const { subjects_filter: filter } = requestIn(data);
    const last = this.#endOf(stream);
    const counted =
      filter === undefined ? {} : { subjects: { [filter]: stream.count(filter, last) } };
    return {
      created: stream.created,
      config: { num_replicas: this.replicas },
      state: { first_seq: 1, last_seq: last, ...counted },
    };
  }

  #sendOne(stream: SimStream, packet: Packet): void {
    const found = this.#find(stream, requestIn(packet.data));
    if (found === undefined) {
      this.#refuse(packet, notFound, 'no message found');
      return;
    }
    const { subject, sequence: seq, data, storedAt } = found;
    const time = new Date(storedAt).toISOString();
    const message = { subject, seq, data: Buffer.from(data).toString('base64'), time };
    this.#answer(packet, { message });
  }

  #find(stream: SimStream, { seq, last_by_subj: last, next_by_subj: next }: Request) {
    const end = this.#endOf(stream);
    if (last !== undefined) return stream.lastMessage(last, end);
    if (next !== undefined) return stream.nextMessage(next, seq ?? 1, end);
    return seq === undefined || seq > end ? undefined : stream.message(seq);
  }

  // Any replica answers: one of three may not have the last messages yet.
  #sendBatch(stream: SimStream, packet: Packet): void {
    const { seq = 1, batch = 1, next_by_subj: subject } = requestIn(packet.data);
    const behind = this.replicas === 3 && this.#chance.maybe(0.1) ? this.#chance.whole(1, 3) : 0;
    const end = Math.max(0, this.#endOf(stream) - behind);
    const found = stream.from(seq, end, subject);
    const sent = found.slice(0, batch);
    if (sent.length === 0) {
      this.#send(packet, new Uint8Array(), headers(404, 'Message Not Found'));
      return;
    }
    for (const [index, kept] of sent.entries()) {
      this.#send(packet, kept.data, directHeaders(stream.name, kept, found.length - index - 1));
    }
    this.#send(packet, new Uint8Array(), headers(204, 'EOB'));
  }

  #endOf(stream: SimStream): number {
    if (this.isLagging) this.lagged += 1;
    return this.isLagging ? Math.max(0, stream.last - this.#lag.hidden) : stream.last;
  }

  get #now(): number {
    return 1_900_000_000_000 + Math.round(this.#nats.timeline.now);
  }

  #answer(packet: Packet, answer: object): void {
    this.#send(packet, encoder.encode(JSON.stringify(answer)));
  }

  #send({ reply }: Packet, data: Uint8Array, given?: MsgHdrs): void {
    if (reply === undefined) return;
    this.#nats.publish({
      subject: reply,
      data,
      ...(given === undefined ? {} : { headers: given }),
    });
  }
}

interface Request {
  readonly seq?: number;
  readonly last_by_subj?: string;
  readonly next_by_subj?: string;
  readonly batch?: number;
  readonly subjects_filter?: string;
}

const requestIn = (data: Uint8Array): Request =>
  data.length === 0 ? {} : (JSON.parse(decoder.decode(data)) as Request);

function headerOf(given: MsgHdrs | undefined, name: string): string | null {
  const value = given?.get(name) ?? '';
  return value === '' ? null : value;
}

function directHeaders(stream: string, kept: Kept, pending: number): MsgHdrs {
  const direct = headers();
  direct.set('Nats-Stream', stream);
  direct.set('Nats-Subject', kept.subject);
  direct.set('Nats-Sequence', String(kept.sequence));
  direct.set('Nats-Time-Stamp', new Date(kept.storedAt).toISOString());
  direct.set('Nats-Num-Pending', String(pending));
  return direct;
}
