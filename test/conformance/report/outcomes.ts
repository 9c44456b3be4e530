/** One test of the suite, and what became of it. */
export interface Outcome {
  /** `accept`: the file's part of the rules. */
  readonly file: string;
  readonly title: string;
  readonly rules: readonly string[];
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly durationMs: number;
  /** Why it failed. */
  readonly messages: readonly string[];
}

/** A file whose tests could not be run. */
export interface Broken {
  readonly file: string;
  readonly message: string;
}

export interface Run {
  readonly outcomes: readonly Outcome[];
  readonly broken: readonly Broken[];
}

/** What Jest writes with `--json`, as far as it is used here. */
interface JestResults {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly duration?: number | null;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

/** Reads the tests out of Jest's results; the rules of a test are those that its title quotes: `[R50]`. */
export function runIn(json: string): Run {
  const { testResults } = JSON.parse(json) as JestResults;
  const outcomes = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((result): Outcome => {
      const title = [...result.ancestorTitles, result.title].join(' ');
      return {
        file: partOf(name),
        title: withoutIds(title),
        rules: [...new Set(title.match(/(?<=\[)[REAH]\d+(?=\])/g) ?? [])],
        status: statusOf(result.status),
        durationMs: result.duration ?? 0,
        messages: result.failureMessages ?? [],
      };
    }),
  );
  const broken = testResults
    .filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0)
    .map(({ name, message }) => ({ file: partOf(name), message }));
  return { outcomes, broken };
}

const partOf = (path: string): string =>
  (/([^/\\]+)\.conformance\.spec\.ts$/.exec(path) ?? [])[1] ?? path;

const withoutIds = (title: string): string =>
  title
    .replaceAll(/\[[REAH]\d+\]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

function statusOf(status: string): Outcome['status'] {
  if (status === 'passed' || status === 'failed') return status;
  return 'skipped';
}
