/** One of the two ways out of a program. */
export interface Outlet {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  write(text: string | Uint8Array): void;
}

/** Everything outside of the program, so that a test can be a world too. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: Outlet;
  readonly stderr: Outlet;
  /** Ctrl-C, or a reader of our output that went away. */
  readonly interrupted: AbortSignal;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Asks a question on the terminal; null where there is nobody to ask. */
  ask(question: string): Promise<string | null>;
}
