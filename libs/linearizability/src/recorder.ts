import type { SessionAddress } from '@joinleaf/multipoint';
import type { History, Input, Operation, Output } from './history.js';

/** What is called: an operation before anything came of it. */
export interface Calling {
  readonly session: SessionAddress;
  readonly process: string;
  readonly commandId: string;
  readonly input: Input;
}

/** A call under way. */
export interface Call {
  /**
   * A try of the call is over: an answer came at that time, or null: none did. The first answer that says what
   * became of the call is the one that counts.
   */
  answered(output: Output | null, at: number): void;
}

/** Keeps what the clients of many sessions do and are told, as histories. It has no clock: times are handed in. */
export class Recorder {
  readonly #seed: string | number | undefined;
  readonly #calls = new Map<SessionAddress, RecordedCall[]>();

  /** @param seed - What the run is drawn from, for those who want to see it again. */
  constructor(seed?: string | number) {
    this.#seed = seed;
  }

  /** Somebody calls. Begin before the request is sent; a call that is tried again is still the same. */
  call(calling: Calling, at: number): Call {
    const call = new RecordedCall(calling, at);
    const calls = this.#calls.get(calling.session);
    if (calls === undefined) this.#calls.set(calling.session, [call]);
    else calls.push(call);
    return call;
  }

  /** One history for each session, as things stand: calls without an answer so far have none. */
  histories(): readonly History[] {
    return [...this.#calls].map(([session, calls]) => {
      const operations = calls.map((call) => call.operation);
      const history = { schema: 1, session, operations } as const;
      return this.#seed === undefined ? history : { ...history, seed: this.#seed };
    });
  }
}

class RecordedCall implements Call {
  #answer: { readonly output: Output; readonly at: number } | null = null;
  #mayBeOnItsWay = false;

  constructor(
    private readonly calling: Calling,
    private readonly calledAt: number,
  ) {}

  answered(output: Output | null, at: number): void {
    if (output === null || output.type === 'unknown') this.#mayBeOnItsWay = true;
    else if (this.#answer === null || this.#answer.output.type === 'turned-away') {
      this.#answer = { output, at };
    }
  }

  get operation(): Operation {
    const { process, commandId, input } = this.calling;
    const base = { process, commandId, call: this.calledAt, input };
    const answer = this.#answer;
    // That the last try was turned away says nothing of an earlier one: it may still be recorded.
    const isOpen = answer?.output.type === 'turned-away' && this.#mayBeOnItsWay;
    return answer === null || isOpen
      ? { ...base, return: null, output: null }
      : { ...base, return: answer.at, output: answer.output };
  }
}
