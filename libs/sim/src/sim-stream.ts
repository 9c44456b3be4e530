/** A message as a stream keeps it. */
export interface Kept {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  /** Milliseconds since the Unix epoch, at the server. */
  readonly storedAt: number;
}

const duplicateWindowMs = 120_000;

/** One stream's messages, and what the server remembers beside them. */
export class SimStream {
  /** The subjects that it keeps, by token. */
  readonly patterns: readonly (readonly string[])[];
  readonly created = '2030-03-17T17:46:40Z';
  readonly #messages: Kept[] = [];
  readonly #bySubject = new Map<string, Kept[]>();
  readonly #ids = new Map<string, { readonly sequence: number; readonly at: number }>();
  /** What a damaged store counts and cannot read. */
  readonly #unreadable = new Set<number>();

  constructor(
    readonly name: string,
    subjects: readonly string[],
    private readonly messagesMax: number,
  ) {
    this.patterns = subjects.map((subject) => subject.split('.'));
  }

  get last(): number {
    return this.#messages.length;
  }

  get isFull(): boolean {
    return this.#messages.length >= this.messagesMax;
  }

  /** Everything that can be read, in order. */
  get readable(): readonly Kept[] {
    return this.#messages.filter(({ sequence }) => !this.#unreadable.has(sequence));
  }

  keep(subject: string, data: Uint8Array, messageId: string | null, storedAt: number): number {
    const kept = { subject, sequence: this.#messages.length + 1, data, storedAt };
    this.#messages.push(kept);
    const own = this.#bySubject.get(subject);
    if (own === undefined) this.#bySubject.set(subject, [kept]);
    else own.push(kept);
    if (messageId !== null) this.#ids.set(messageId, { sequence: kept.sequence, at: storedAt });
    return kept.sequence;
  }

  /** From now on one message is counted and cannot be read: a flipped bit. */
  damage(sequence: number): void {
    this.#unreadable.add(sequence);
  }

  sequenceOf(messageId: string, now: number): number | undefined {
    const known = this.#ids.get(messageId);
    return known === undefined || now - known.at > duplicateWindowMs ? undefined : known.sequence;
  }

  count(subject: string, end: number): number {
    return this.#own(subject).filter(({ sequence }) => sequence <= end).length;
  }

  /** The sequence of a subject's last message; 0 for none. */
  lastOf(subject: string): number {
    return this.#bySubject.get(subject)?.at(-1)?.sequence ?? 0;
  }

  message(sequence: number): Kept | undefined {
    return this.#unreadable.has(sequence) ? undefined : this.#messages[sequence - 1];
  }

  lastMessage(subject: string, end: number): Kept | undefined {
    const last = this.#bySubject.get(subject)?.findLast(({ sequence }) => sequence <= end);
    return last === undefined ? undefined : this.message(last.sequence);
  }

  /** The first message at or after a sequence on subjects that may have wildcards. */
  nextMessage(subject: string, from: number, end: number): Kept | undefined {
    const candidates = subject.includes('*') ? this.#messages : this.#bySubject.get(subject);
    return candidates?.find(
      ({ sequence }) => sequence >= from && sequence <= end && !this.#unreadable.has(sequence),
    );
  }

  from(sequence: number, end: number, subject: string | undefined): readonly Kept[] {
    const all =
      subject === undefined ? this.#messages.slice(sequence - 1, end) : this.#own(subject);
    return all.filter(
      (kept) =>
        kept.sequence >= sequence && kept.sequence <= end && !this.#unreadable.has(kept.sequence),
    );
  }

  #own(subject: string): readonly Kept[] {
    return this.#bySubject.get(subject) ?? [];
  }
}
