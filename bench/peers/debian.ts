import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folders } from './folders.js';
import { lastLine } from './npm.js';
import { LeftOut } from './peer.js';
import { run } from './run.js';

// Debian's packages are downloaded by the machine's own apt, from wherever that is told to look, and unpacked into a
// folder that git ignores. Nothing is installed, so no root is needed and nothing of the machine changes.

const downloadMs = 120_000;
const unpackMs = 30_000;
const versionFile = 'version';

export interface DebianWish {
  /** The folder it is unpacked into. */
  readonly name: string;
  readonly packages: readonly string[];
  /** A file that is there when all is well. */
  readonly proof: string;
}

/**
 * Unpacks Debian packages, unless they are there already, and returns the folder that stands for `/`.
 *
 * @throws LeftOut when there is no apt, or it does not have them.
 */
export async function installDebian(
  { name, packages, proof }: DebianWish,
  tell: (message: string) => void,
): Promise<string> {
  const folder = join(folders.debian, name);
  if (await isThere(join(folder, versionFile))) return folder;
  tell(`downloading ${packages[0] ?? name} from Debian`);
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    await download(packages, unfinished);
    const files = (await readdir(unfinished)).filter((file) => file.endsWith('.deb'));
    await writeFile(join(unfinished, versionFile), versionIn(files, packages[0] ?? name));
    for (const file of files) {
      await run('dpkg', ['-x', file, '.'], { cwd: unfinished, timeoutMs: unpackMs });
      await rm(join(unfinished, file));
    }
    await access(join(unfinished, proof));
  } catch (error) {
    throw new LeftOut(lastLine(error));
  }
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  return folder;
}

// The machine's lists of packages first; where it has none, or old ones, fresh lists in a folder of ours.
async function download(packages: readonly string[], folder: string): Promise<void> {
  const words = ['-q', '-o', 'APT::Sandbox::User=root', 'download', ...packages];
  const options = { cwd: folder, timeoutMs: downloadMs };
  try {
    await run('apt-get', words, options);
  } catch {
    const lists = join(folder, 'lists');
    await mkdir(join(lists, 'partial'), { recursive: true });
    const own = ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${folder}`];
    await run('apt-get', [...own, '-q', 'update'], options);
    await run('apt-get', [...own, ...words], options);
  }
}

// `etcd-server_3.4.23-4+b4_amd64.deb`, where an epoch's colon is written %3a.
function versionIn(files: readonly string[], name: string): string {
  const file = files.find((each) => each.startsWith(`${name}_`)) ?? '';
  return decodeURIComponent(file.split('_')[1] ?? 'unknown');
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The version of the first package, as Debian has it. */
export const debianVersion = (name: string): Promise<string> =>
  readFile(join(folders.debian, name, versionFile), 'utf8');

export const debianFolder = (name: string): string => join(folders.debian, name);
