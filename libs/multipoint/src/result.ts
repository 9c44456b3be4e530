/** What a caller may reasonably run into is a value: either what was asked for, or why not. */
export type Result<T, E> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const err = <E>(error: E): { readonly ok: false; readonly error: E } => ({
  ok: false,
  error,
});

/** Stops on a broken assumption of our own; never used for what a caller may do wrong. */
export function assert(holds: boolean, invariant: string): asserts holds {
  if (!holds) throw new Error(`invariant broken: ${invariant}`);
}
