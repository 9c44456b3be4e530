/** A call of the door, to be made in the program: its last argument is the error cell. */
export interface Call {
  readonly on: object;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What it answered, perhaps a promise; and its error cell, which is filled when the call ends. */
export interface Made {
  readonly value: unknown;
  readonly error: unknown;
}

/** Makes calls one after another in the same turn, so that nothing can happen between them. */
export const makeCalls = (calls: readonly Call[]): readonly Made[] =>
  calls.map(({ on, name, args }) => {
    const call = (on as Readonly<Record<string, (...args: unknown[]) => unknown>>)[name];
    return { value: call?.apply(on, [...args]), error: args.at(-1) };
  });

export const whenEnded = (made: readonly Made[]): Promise<readonly Made[]> =>
  Promise.all(made.map(async ({ value, error }) => ({ value: await value, error })));
