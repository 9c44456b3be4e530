import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { sha256 } from '../sha256.js';
import { dim, line, warn } from '@joinleaf/transcript';
import { BadWord } from '../exit-codes.js';
import type { VerbContext } from '../verb.js';
import type { World } from '../world.js';
import { CacheFolder } from './cache-folder.js';
import { codeOf, NotOurs, ourFolder, privateFolder } from './own-folder.js';
import { shrink } from './shrink.js';

// Nothing that a verb says depends on the cache. Where there can be none it works without, and says so once.

/** In megabytes, of all that is kept. */
const sizeDefault = 1_000;
const megabyte = 1_000_000;
/** Looked after when so much of it was written since, and at the end. */
const shrinkEvery = 0.1;

/** What verbs keep between two runs: a folder for each session that is worth it. */
export class Cache {
  #written = 0;
  #isTold = false;
  #inUse: CacheFolder | null = null;

  private constructor(
    /** Null where nothing can be kept. */
    private readonly path: string | null,
    private readonly bytesMax: number,
    private readonly tell: (what: string) => void,
  ) {}

  /** @throws BadWord for a size that is none. */
  static async open({ world, terminal }: Pick<VerbContext, 'world' | 'terminal'>): Promise<Cache> {
    const bytesMax = sizeIn(world.env) * megabyte;
    const tell = (what: string) => {
      terminal.talk(line(warn('! '), `no cache: ${what}`, dim(' (JOINLEAF_CACHE)')));
    };
    const path = bytesMax === 0 ? null : await placeIn(world, tell);
    return new Cache(path, bytesMax, tell);
  }

  /**
   * The folder of a session.
   *
   * @param source - What tells the session from others of its name: the deployment, or the capture.
   */
  folder(source: string, session: string): CacheFolder {
    const key = sha256(new TextEncoder().encode(`${source}\n${session}`)).slice(0, 32);
    const path = this.path === null ? null : join(this.path, key);
    this.#inUse = new CacheFolder(path, {
      onWritten: (bytes) => this.#onWritten(bytes),
      onTrouble: (error) => {
        this.#onTrouble(error);
      },
    });
    return this.#inUse;
  }

  /** Throws away what was not used for longest, until the rest is as small as it has to be. */
  async shrink(): Promise<void> {
    if (this.path === null || this.#written === 0) return;
    this.#written = 0;
    const gone = await shrink(this.path, this.bytesMax, this.#inUse?.path ?? null);
    if (!gone.some((path) => path === this.#inUse?.path)) return;
    this.#inUse?.giveUp();
    this.#tellOnce('one session alone takes more than JOINLEAF_CACHE_MB, and is not kept');
  }

  async #onWritten(bytes: number): Promise<void> {
    this.#written += bytes;
    if (this.#written > this.bytesMax * shrinkEvery) await this.shrink();
  }

  #onTrouble(error: unknown): void {
    this.#tellOnce(wordsOf(error));
  }

  #tellOnce(what: string): void {
    if (!this.#isTold) this.tell(what);
    this.#isTold = true;
  }
}

function sizeIn({ JOINLEAF_CACHE_MB: text = '' }: World['env']): number {
  if (text === '') return sizeDefault;
  if (/^\d{1,8}$/.test(text)) return Number(text);
  throw new BadWord('JOINLEAF_CACHE_MB', 'JOINLEAF_CACHE_MB is a number of megabytes, or 0');
}

async function placeIn(
  world: Pick<World, 'env' | 'cwd'>,
  tell: (what: string) => void,
): Promise<string | null> {
  try {
    const root = cacheRoot(world);
    const path = join(root, 'checkpoints');
    await ourFolder(root); // May hold other things, and be there already.
    await privateFolder(path);
    return path;
  } catch (error) {
    tell(wordsOf(error));
    return null;
  }
}

function cacheRoot({ env, cwd }: Pick<World, 'env' | 'cwd'>): string {
  const { JOINLEAF_CACHE: own = '', XDG_CACHE_HOME: caches = '' } = env;
  if (own !== '') return resolve(cwd, own);
  return join(caches !== '' ? resolve(cwd, caches) : join(homedir(), '.cache'), 'joinleaf');
}

const wordsOf = (error: unknown): string => {
  if (error instanceof NotOurs) return error.message;
  const { path } = error as NodeJS.ErrnoException;
  const code = codeOf(error) ?? String(error);
  return path === undefined
    ? `nothing can be written (${code})`
    : `${path} cannot be used (${code})`;
};
