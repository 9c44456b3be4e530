/** One line of what the doctor says. */
export interface Sign {
  /** `ok`: well. `look`: somebody should look at it by day. `bad`: it does not do what it promises. */
  readonly state: 'ok' | 'look' | 'bad';
  readonly what: string;
  readonly detail: string;
  /** What to do next; null where there is nothing to do. */
  readonly next: string | null;
}

export const ok = (what: string, detail: string): Sign => ({
  state: 'ok',
  what,
  detail,
  next: null,
});
export const look = (what: string, detail: string, next: string): Sign => ({
  state: 'look',
  what,
  detail,
  next,
});
export const bad = (what: string, detail: string, next: string): Sign => ({
  state: 'bad',
  what,
  detail,
  next,
});
