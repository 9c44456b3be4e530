import { natsServerMin } from './version.js';

/** Where a binary can come from, in the order in which they are tried. */
export type NatsServerSource = 'given' | 'path' | 'cache' | 'apt' | 'release';

/** One place that was tried, and why it did not serve. */
export interface FailedAttempt {
  readonly source: NatsServerSource;
  readonly reason: string;
}

const places: Readonly<Record<NatsServerSource, string>> = {
  given: 'the path that was given',
  path: 'PATH',
  cache: 'the cache',
  apt: 'apt (Debian forky)',
  release: 'the release archive',
};

/** No nats-server could be had; the message says what was tried, why it failed, and what to do. */
export class NatsServerUnavailable extends Error {
  override readonly name = 'NatsServerUnavailable';

  constructor(readonly attempts: readonly FailedAttempt[]) {
    super(
      [
        'No nats-server could be found or fetched.',
        ...attempts.map(({ source, reason }) => `  - ${places[source]}: ${reason}`),
        'Any one of these helps:',
        `  - install nats-server ${natsServerMin} or newer, so that it is on the PATH;`,
        '  - set JOINLEAF_NATS_SERVER to the path of such a binary;',
        '  - set JOINLEAF_CACHE to a folder that can be written, for a server to be fetched into;',
        '  - set NATS_URL to a server that already runs, as nats://user:password@host:4222.',
      ].join('\n'),
    );
  }
}
