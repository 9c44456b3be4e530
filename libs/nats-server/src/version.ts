/** The oldest nats-server that joinleaf runs on: atomic checks, strict API, message order of 2.12. */
export const natsServerMin = '2.12.0';

interface Version {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  readonly prerelease: boolean;
}

/** A server that speaks too old a protocol for us. Nothing was changed on it. */
export class NatsServerTooOld extends Error {
  override readonly name = 'NatsServerTooOld';

  constructor(readonly version: string) {
    super(
      `This nats-server is ${version}; joinleaf needs ${natsServerMin} or newer. Older servers accept ` +
        'conditional appends that they should refuse. Upgrade the server, or point NATS_URL at a newer one.',
    );
  }
}

/**
 * Refuses a server that is older than {@link natsServerMin}. Call it after connecting, with
 * `connection.info.version`.
 *
 * @throws NatsServerTooOld when the version is older, or is none that we can read.
 */
export function assertNatsServerVersion(version: string): void {
  if (!isGoodVersion(version)) throw new NatsServerTooOld(version);
}

/** True for a version that joinleaf runs on; a release candidate of the oldest one is older. */
export function isGoodVersion(version: string): boolean {
  return parse(version) !== undefined && compareVersions(version, natsServerMin) >= 0;
}

/** The version in the answer of `nats-server --version`, as `2.15.1`. */
export function versionOfOutput(output: string): string | undefined {
  return /nats-server: v(\S+)/.exec(output)?.[1];
}

/** Orders versions, older first; what cannot be read is older than everything. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined);

  for (const [index, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(right.prerelease) - Number(left.prerelease);
}

function parse(version: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?(\+[\w.-]+)?$/.exec(version.trim());
  if (match === null) return undefined;
  return {
    numbers: [Number(match[1]), Number(match[2]), Number(match[3])],
    prerelease: match[4] !== undefined,
  };
}
