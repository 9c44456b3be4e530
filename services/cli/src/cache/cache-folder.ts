import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, isOurs, NotOurs, privateFolder } from './own-folder.js';

export interface CacheFolderOptions {
  readonly onWritten: (bytes: number) => Promise<void>;
  /** Something cannot be kept; from then on nothing is. */
  readonly onTrouble: (error: unknown) => void;
}

// A link is not followed, and a pipe not waited for.
const toRead = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The files of one session in the cache. What cannot be read is not there, and what cannot be written is told once. */
export class CacheFolder {
  #isGivenUp = false;

  /** @param path - Null where there is no cache. */
  constructor(
    readonly path: string | null,
    private readonly options: CacheFolderOptions,
  ) {}

  /** Null for what is missing, larger than `bytesMax`, or no file of ours. */
  async read(name: string, bytesMax: number): Promise<Buffer | null> {
    if (this.path === null) return null;
    try {
      await using file = await open(join(this.path, name), toRead);
      const found = await file.stat();
      const isGood = found.isFile() && isOurs(found) && found.size <= bytesMax;
      return isGood ? await file.readFile() : null;
    } catch {
      return null;
    }
  }

  /** Puts a file in place whole, or not at all; says whether it did. */
  async write(name: string, content: string | Uint8Array): Promise<boolean> {
    if (this.path === null || this.#isGivenUp) return false;
    const path = join(this.path, name);
    const draft = `${path}.${randomBytes(4).toString('hex')}.part`;
    try {
      await this.#make(this.path);
      await using file = await open(draft, 'wx', 0o600);
      await file.writeFile(content);
      await rename(draft, path);
    } catch (error) {
      await unlink(draft).catch(() => undefined);
      // Another process may have thrown the folder away.
      if (codeOf(error) !== 'ENOENT') this.#stop(error);
      return false;
    }
    await this.options.onWritten(content.length);
    return true;
  }

  async names(): Promise<readonly string[]> {
    return this.path === null ? [] : readdir(this.path).catch(() => []);
  }

  /** Says that it was of use. */
  async use(): Promise<void> {
    const now = new Date();
    if (this.path !== null) await utimes(this.path, now, now).catch(() => undefined);
  }

  async discard(): Promise<void> {
    if (this.path === null) return;
    await rm(this.path, { recursive: true, force: true }).catch(() => undefined);
  }

  /** Keeps nothing more. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  #stop(error: unknown): void {
    if (!this.#isGivenUp) this.options.onTrouble(error);
    this.giveUp();
  }

  // Something else in its place goes.
  async #make(path: string): Promise<void> {
    try {
      await privateFolder(path);
    } catch (error) {
      if (!(error instanceof NotOurs)) throw error;
      await this.discard();
      await privateFolder(path);
    }
  }
}
