import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runProgram } from './run-program.js';

// Debian's stable releases carry servers that are too old; forky has a good one. Only this package is
// downloaded, with lists of its own, and unpacked: nothing is installed and the machine's own apt
// is neither changed nor locked, so no root is needed.
const suite = 'forky';
const keyrings = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];
const askMs = 10_000;
const updateMs = 120_000;
const downloadMs = 120_000;

/**
 * Downloads Debian's nats-server into `folder`, with apt checking its signatures.
 *
 * @param folder - An empty folder of ours; everything that apt writes stays in it.
 * @returns The path of the unpacked binary.
 * @throws Error saying in words why this machine cannot do that.
 */
export async function fetchFromApt(folder: string): Promise<string> {
  const keyring = await firstReadable(keyrings);
  if (keyring === undefined) throw new Error('no Debian archive keyring on this machine');
  const mirror = debianMirror(
    await runProgram('apt-get', ['indextargets', '--format', '$(REPO_URI)'], { timeoutMs: askMs }),
  );
  if (mirror === undefined) throw new Error("apt's configuration names no Debian mirror");

  const apt = await privateApt(folder, `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  await runProgram('apt-get', [...apt, 'update'], { timeoutMs: updateMs });
  return unpackPackage(folder, apt);
}

/** The Debian mirror among the repositories that apt knows, one to a line. */
export function debianMirror(repositories: string): string | undefined {
  return repositories.split('\n').find((line) => /^https?:\/\/\S+\/debian\/?$/.test(line));
}

async function privateApt(folder: string, sources: string): Promise<readonly string[]> {
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'archives', 'partial'), { recursive: true });
  await writeFile(join(folder, 'sources.list'), sources);
  return Object.entries({
    'Dir::Etc::SourceList': join(folder, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(folder, 'lists'),
    'Dir::Cache': folder,
    'Dir::Cache::Archives': join(folder, 'archives'),
    'Acquire::Languages': 'none',
    'Acquire::AllowInsecureRepositories': 'false', // Whatever the machine allows for itself.
    'APT::Get::AllowUnauthenticated': 'false',
    'Acquire::Retries': '2',
    'APT::Sandbox::User': 'root', // Root's apt would else change to a user who may not write here.
    'APT::Update::Error-Mode': 'any', // A mirror that is not reached is a failure, not a warning.
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

async function unpackPackage(folder: string, apt: readonly string[]): Promise<string> {
  await runProgram('apt-get', [...apt, '-q', 'download', 'nats-server'], {
    folder,
    timeoutMs: downloadMs,
  });
  const file = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error('apt downloaded no package');
  await runProgram('dpkg', ['-x', file, 'unpacked'], { folder, timeoutMs: askMs });
  return join(folder, 'unpacked/usr/sbin/nats-server');
}

async function firstReadable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const readable = await access(path).then(
      () => true,
      () => false,
    );
    if (readable) return path;
  }
  return undefined;
}
