import type { SeedResult } from './run-seed.js';

/** What a campaign of many seeds has to have met at least once: one that has not was too tame to say anything. */
export const sometimes: Readonly<Record<string, readonly string[]>> = {
  'two arbiters wrote for the same place': ['append: taken'],
  'an append without an answer was found stored': ['append: lostFound'],
  'an append stayed unknown': ['append: unknown'],
  'a repetition was settled in the log': ['event: CommandSettled'],
  'a node asked what became of its command': ['command: SettleCommand'],
  'an answer to a join came too late': ['refusal: WSAEACCES R87'],
  'a join was cancelled by a close': ['event: JoinCancelled'],
  'a deadline passed': ['command: ExpireJoins'],
  'a node fell silent': ['ended: silent'],
  'a run of a node was superseded': ['ended: superseded'],
  'an older run of a node spoke': ['refusal: WSAENETRESET H10'],
  'two notifiers told the same': ['two notifiers told'],
  'a node missed notifications and asked for them': ['client: gaps', 'client: resumes'],
  'partitions changed hands': ['partitions changed hands'],
  'the leader was lost with calls under way': ['the leader was lost with calls under way'],
  'a leader answered from less than it had': ['a leader lagged'],
  'a session was full': ['refusal: WSAENOBUFS H5'],
  'a second join was refused': ['refusal: WSAEALREADY R50'],
  'a member asked again': ['refusal: WSAEISCONN R59'],
  'an outcome was unknown to its program': ['client: unknown'],
};

/** What many seeds came to. */
export interface Campaign {
  readonly seeds: number;
  readonly joins: number;
  readonly commits: number;
  readonly simulatedMs: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly broken: readonly { readonly seed: number; readonly findings: readonly string[] }[];
  /** What was never met. */
  readonly never: readonly string[];
}

export type Summary = Omit<SeedResult, 'history' | 'counts'> & {
  readonly counts: Readonly<Record<string, number>>;
};

export const summaryOf = ({ history: _, counts, ...rest }: SeedResult): Summary => ({
  ...rest,
  counts: Object.fromEntries(counts),
});

export function campaignOf(results: readonly Summary[]): Campaign {
  const counts: Record<string, number> = {};
  for (const result of results) {
    for (const [what, count] of Object.entries(result.counts)) {
      counts[what] = (counts[what] ?? 0) + count;
    }
  }
  const sum = (of: (result: Summary) => number) =>
    results.reduce((total, each) => total + of(each), 0);
  return {
    seeds: results.length,
    joins: sum(({ joins }) => joins),
    commits: sum(({ commits }) => commits),
    simulatedMs: sum(({ simulatedMs }) => simulatedMs),
    counts,
    broken: results
      .filter(({ findings }) => findings.length > 0)
      .map(({ seed, findings }) => ({ seed, findings })),
    never: Object.entries(sometimes)
      .filter(([, names]) => names.every((name) => (counts[name] ?? 0) === 0))
      .map(([what]) => what),
  };
}
