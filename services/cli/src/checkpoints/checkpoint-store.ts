import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { Folded } from '@joinleaf/event-log';
import { sha256 } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { checkpointOf, foldedIn, type Checkpoint } from '@joinleaf/replay';
import type { World } from '../world.js';

// Checkpoints are files below the cache folder, one for each, named by its revision: a line with the SHA-256 of the next, and
// the checkpoint. Whatever goes wrong with them is no reason for a verb to fail: it reads the log instead.

const encoder = new TextEncoder();
const named = /^(\d{12})\.json$/;

/** What a session was folded to, at some of its revisions. */
export class CheckpointStore {
  constructor(
    private readonly folder: string,
    private readonly session: SessionAddress,
  ) {}

  /** The last one at or before a revision; null when there is none. One that cannot be read takes all others with it. */
  async latest(revision: number): Promise<Folded | null> {
    const last = (await this.#revisions()).findLast((one) => one <= revision);
    if (last === undefined) return null;
    const folded = await this.#read(last);
    if (folded === null) await this.discard();
    return folded;
  }

  async keep(folded: Folded): Promise<void> {
    const file = this.#file(folded.head.revision);
    const draft = `${file}.${randomBytes(4).toString('hex')}.part`;
    const text = JSON.stringify(checkpointOf(this.session, folded));
    try {
      await mkdir(this.folder, { recursive: true });
      await writeFile(draft, `${sha256(encoder.encode(text))}\n${text}`);
      await rename(draft, file);
    } catch {
      await rm(draft, { force: true }).catch(() => undefined); // Nowhere to keep it.
    }
  }

  async discard(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true }).catch(() => undefined);
  }

  async #revisions(): Promise<readonly number[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names
      .flatMap((name) => named.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  async #read(revision: number): Promise<Folded | null> {
    try {
      const content = await readFile(this.#file(revision), 'utf8');
      const end = content.indexOf('\n');
      const text = content.slice(end + 1);
      if (sha256(encoder.encode(text)) !== content.slice(0, end)) return null;
      const folded = foldedIn(JSON.parse(text) as Checkpoint, this.session);
      return folded?.head.revision === revision ? folded : null;
    } catch {
      return null;
    }
  }

  #file(revision: number): string {
    return join(this.folder, `${String(revision).padStart(12, '0')}.json`);
  }
}

/**
 * Where checkpoints of a session are kept.
 *
 * @param source - What tells the session from others of its name: the deployment, or the capture.
 */
export function checkpointFolder(
  { env }: Pick<World, 'env'>,
  source: string,
  session: string,
): string {
  const key = sha256(encoder.encode(`${source}\n${session}`)).slice(0, 32);
  return join(cacheFolder(env), 'checkpoints', key);
}

function cacheFolder({ JOINLEAF_CACHE: own, XDG_CACHE_HOME: caches }: World['env']): string {
  if (own !== undefined && own !== '') return own;
  return join(
    caches !== undefined && caches !== '' ? caches : join(homedir(), '.cache'),
    'joinleaf',
  );
}
