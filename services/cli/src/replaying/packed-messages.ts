import type { StoredMessage } from '@joinleaf/jetstream-log';

// A message that was read is a view of what the socket received, and would take all of that along to another thread.
// Many of them in one buffer are handed over without a copy.

/** Stored messages, as they are handed to another thread. */
export interface PackedMessages {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where each message ends in `bytes`. */
  readonly ends: readonly number[];
  readonly subjects: readonly string[];
  readonly sequences: readonly number[];
  readonly storedAt: readonly number[];
}

export function packed(messages: readonly StoredMessage[]): PackedMessages {
  const size = messages.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const bytes = new Uint8Array(size);
  const ends: number[] = [];
  let end = 0;
  for (const message of messages) {
    bytes.set(message.bytes, end);
    end += message.bytes.length;
    ends.push(end);
  }
  return {
    bytes,
    ends,
    subjects: messages.map(({ subject }) => subject),
    sequences: messages.map(({ sequence }) => sequence),
    storedAt: messages.map(({ storedAt }) => storedAt),
  };
}

export function* unpacked(messages: PackedMessages): Generator<StoredMessage> {
  const { bytes, ends, subjects, sequences, storedAt } = messages;
  let from = 0;
  for (const [index, end] of ends.entries()) {
    yield {
      subject: subjects[index] ?? '',
      sequence: sequences[index] ?? 0,
      storedAt: storedAt[index] ?? 0,
      bytes: bytes.subarray(from, end),
    };
    from = end;
  }
}
