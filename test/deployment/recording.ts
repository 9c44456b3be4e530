import type { Decided } from '@joinleaf/event-log';
import { inputOf, outputOf, Recorder, type Call, type History } from '@joinleaf/linearizability';
import type { SessionAddress, SessionCommand, SessionEvent } from '@joinleaf/multipoint';
import { decode, parseCommandSubject, replySchema } from '@joinleaf/wire';
import type { Records } from './records.js';

const replyBytesMax = 1_048_576;
/** How long before it was stored something may have been begun that nobody called. */
const beforehandMs = 10_000;

/** A request or a reply on its way. */
interface Packet {
  readonly subject: string;
  readonly data: Uint8Array;
}

/** Histories hold whole numbers. */
const microseconds = (ms: number): number => Math.round(ms * 1_000);

/** A command, as it went over the network. */
interface Tries {
  readonly process: string;
  readonly session: SessionAddress;
  readonly commandId: string;
  readonly call: number;
  /** How often it was asked: the same command again, or another copy of it. */
  tries: number;
  readonly ends: { readonly reply: Packet; readonly at: number }[];
}

/** Records what every program asks of sessions and is answered, and makes histories of it. */
export class Recording {
  readonly #calls = new Map<string, Tries>();

  /** @param epoch - What the broker's clock says when that of the calls says 0, in milliseconds. */
  constructor(private readonly epoch: number) {}

  asked(process: string, request: Packet, at: number): void {
    const subject = parseCommandSubject(request.subject);
    const commandId = subject === null ? null : commandIdIn(request.data);
    if (subject === null || commandId === null || subject.verb === 'resolve') return;
    const { session } = subject;
    const key = `${session} ${commandId}`;
    const known = this.#calls.get(key);
    if (known !== undefined) {
      known.tries += 1;
      known.ends.length = 0; // Whoever asks again did not wait for what came.
    } else {
      const call = microseconds(at);
      this.#calls.set(key, { process, session, commandId, call, tries: 1, ends: [] });
    }
  }

  answered(_: string, request: Packet, reply: Packet, at: number): void {
    const subject = parseCommandSubject(request.subject);
    if (subject === null || subject.verb === 'resolve') return;
    const call = this.#calls.get(`${subject.session} ${commandIdIn(request.data) ?? ''}`);
    call?.ends.push({ reply, at: microseconds(at) });
  }

  /** What was called, with the commands as they are on record: one history for each session. */
  histories(seed: string | number, records: Records): readonly History[] {
    const recorder = new Recorder(seed);
    const commands = commandsIn(records);
    for (const { process, session, commandId, call, tries, ends } of this.#calls.values()) {
      const known = commands.get(`${session} ${commandId}`);
      const input = known === undefined ? null : inputOf(known.command, known.events);
      if (input === null) continue;
      const recorded = recorder.call({ session, process, commandId, input }, call);
      for (const { reply, at } of ends) answer(recorded, reply, at);
      if (ends.length < tries) recorded.answered(null, call);
    }
    for (const { session, storedAt, decisions } of records.commits) {
      for (const { commandId, command, events } of decisions) {
        if (this.#calls.has(`${session} ${commandId}`)) continue;
        const input = inputOf(command, events);
        if (input === null) continue;
        const at = microseconds(Math.max(0, storedAt - this.epoch - beforehandMs));
        recorder.call({ session, process: 'an arbiter', commandId, input }, at);
      }
    }
    const beyond = sessionsBeyond(commands);
    return recorder.histories().filter(({ session }) => !beyond.has(session));
  }
}

/** Sessions with a policy that the sequential model does not know, such as one about the loss of the root. */
function sessionsBeyond(commands: ReadonlyMap<string, Known>): ReadonlySet<string> {
  const isBeyond = ({ command }: Known) =>
    (command.type === 'OpenSession' || command.type === 'ChangePolicy') &&
    inputOf(command) === null;
  return new Set(
    [...commands].flatMap(([key, known]) => (isBeyond(known) ? [key.split(' ')[0] ?? ''] : [])),
  );
}

function answer(call: Call, reply: Packet, at: number): void {
  const decoded = decode(replySchema, reply.data, replyBytesMax);
  call.answered(decoded.ok ? outputOf(decoded.value) : null, at);
}

interface Known {
  readonly command: SessionCommand;
  readonly events: readonly SessionEvent[];
}

function commandsIn({ commits, refusals }: Records): ReadonlyMap<string, Known> {
  const known = new Map<string, Known>();
  for (const { session, commandId, command } of refusals) {
    known.set(`${session} ${commandId}`, { command, events: [] });
  }
  for (const { session, decisions } of commits) {
    for (const decided of decisions) known.set(`${session} ${decided.commandId}`, wordsOf(decided));
  }
  return known;
}

const wordsOf = ({ command, events }: Decided): Known => ({ command, events });

function commandIdIn(data: Uint8Array): string | null {
  const body: unknown = JSON.parse(new TextDecoder().decode(data));
  if (typeof body !== 'object' || body === null || !('commandId' in body)) return null;
  return typeof body.commandId === 'string' ? body.commandId : null;
}
