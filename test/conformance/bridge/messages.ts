// What a test and a program say to each other. Arguments travel by value and come back as the call left them, so that
// out cells and buffers work as they do in one process. What has to be the same object over several calls (an event,
// a buffer that is filled later, a callback) stays in the program, and travels as a reference.

/** An object in the program. */
export interface Reference {
  readonly $object: number;
}

export type Request = { readonly id: number } & (
  | {
      /** Connects as a node, and answers a reference to its `Joinleaf`. */
      readonly ask: 'enter';
      readonly options: Readonly<Record<string, unknown>>;
    }
  /** Calls a function of an object, or one of the program's own (`on` null). */
  | {
      readonly ask: 'call';
      readonly on: Reference | null;
      readonly name: string;
      readonly args: readonly unknown[];
    }
  /** Makes an object of the program's own. */
  | { readonly ask: 'keep'; readonly value: unknown }
  | { readonly ask: 'read'; readonly what: Reference; readonly property: string | null }
);

export type Response = { readonly id: number } & (
  | { readonly ok: true; readonly value: unknown; readonly args: readonly unknown[] }
  /** Something was thrown or rejected. */
  | { readonly ok: false; readonly why: string }
);

export const isReference = (value: unknown): value is Reference =>
  typeof value === 'object' && value !== null && '$object' in value;
