/** Somebody pressed Ctrl-C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** What may end a demo before its time: an interruption, or a part of it that ends by itself. */
export class Watch {
  readonly #happened = Promise.withResolvers<never>();

  constructor(interrupted: AbortSignal) {
    this.#happened.promise.catch(() => undefined); // Somebody may come to ask, or nobody.
    const end = () => {
      this.report(new Interrupted('interrupted'));
    };
    if (interrupted.aborted) end();
    else interrupted.addEventListener('abort', end, { once: true });
  }

  /** Ends whatever waits with this. */
  report(error: unknown): void {
    this.#happened.reject(error);
  }

  /** Counts the rejection of something that is to last. */
  over(lasting: Promise<never>): void {
    lasting.catch((error: unknown) => {
      this.report(error);
    });
  }

  /** Waits for work, and no longer than all is well. */
  or<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#happened.promise]);
  }

  /** Waits for the interruption. Rejects with any other trouble. */
  async interruption(): Promise<void> {
    await this.#happened.promise.catch((error: unknown) => {
      if (!(error instanceof Interrupted)) throw error;
    });
  }
}
