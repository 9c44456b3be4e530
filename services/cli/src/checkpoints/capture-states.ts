import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { CaptureRead } from '@joinleaf/capture';
import type { Basis } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { FoldTo } from '@joinleaf/replay';
import { readCaptureFile, troubleIn } from '../capture-file.js';
import { againIn, whichSession } from '../sources.js';
import type { Target } from '../targets.js';
import type { Cache } from '../cache/cache.js';
import { CaptureIndex, type Indexed } from './capture-index.js';
import { noEnd, placed, type Placed, type States } from './placed.js';

type FileTarget = Extract<Target, { readonly kind: 'file' }>;

/** Which session of the capture this is, and what is to be said of the file. */
type Known = Pick<States, 'session' | 'source'>;

/**
 * The states of one session of a capture. The file is read to its end once, and a long session leaves an index then; from there on
 * a position is opened by that.
 */
export class CaptureStates implements States {
  #known: Known | null = null;

  private constructor(
    private readonly target: FileTarget,
    private readonly wanted: string | undefined,
    private readonly index: CaptureIndex,
    private readonly cache: Cache,
  ) {}

  static async of(
    target: FileTarget,
    wanted: string | undefined,
    cache: Cache,
  ): Promise<CaptureStates> {
    const folder = cache.folder(`capture ${await sha256Of(target.path)}`, wanted ?? '');
    return new CaptureStates(target, wanted, new CaptureIndex(folder), cache);
  }

  get session(): SessionAddress {
    return this.#all.session;
  }

  get source(): States['source'] {
    return this.#all.source;
  }

  async at(basis: Basis | null): Promise<Placed> {
    const indexed = await this.index.indexed();
    const end = { revision: indexed?.revision ?? 0, decisions: 0 };
    const fold = indexed === null ? null : await this.index.foldTo(indexed, basis ?? end);
    if (indexed === null || fold === null) return this.#read(basis);
    this.#known = this.#about(indexed, null);
    return placed(indexed.session, basis ?? end, fold.end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cache.shrink();
  }

  async #read(basis: Basis | null): Promise<Placed> {
    const fold = new FoldTo(basis ?? noEnd);
    const writer = this.index.writer();
    let session = this.wanted;
    let isOver = false;
    const read = await readCaptureFile(this.target.path, (commit) => {
      session ??= commit.session;
      if (commit.session !== session) return;
      writer.take(commit);
      isOver ||= !fold.take(commit);
    });
    const found = this.#meant(read);
    const trouble = troubleIn(read);
    const { redaction } = read.manifest;
    const of = { session: found, sessions: read.content.sessions.length, redaction };
    this.#known = this.#about(of, trouble);
    // What is not all that it should be is read again each time, and says so each time.
    if (trouble === null) await writer.finish(of);
    else await writer.discard();
    const { head, session: state } = fold.folded;
    if (basis === null) return { basis: { revision: head.revision, decisions: 0 }, state };
    return placed(found, basis, fold.end(), trouble);
  }

  #meant({ content }: CaptureRead): SessionAddress {
    const names = content.sessions.map(({ session }) => session);
    const [only] = names;
    const found =
      this.wanted === undefined && names.length === 1
        ? only
        : names.find((name) => name === this.wanted);
    if (found === undefined) throw whichSession(this.target.name, names, this.wanted);
    return found;
  }

  #about(
    { session, sessions, redaction }: Pick<Indexed, 'session' | 'sessions' | 'redaction'>,
    trouble: string | null,
  ): Known {
    const again = againIn(this.target, session, sessions);
    return { session, source: { origin: this.target.name, again, redaction, trouble } };
  }

  get #all(): Known {
    if (this.#known === null) throw new Error('nothing was asked yet');
    return this.#known;
  }
}

const inPieces = { highWaterMark: 1_024 * 1_024 };

/** Of a file; of none where it cannot be read, which who reads it will say. */
async function sha256Of(path: string): Promise<string> {
  const digest = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, inPieces)) digest.update(chunk as Buffer);
  } catch {
    return 'none';
  }
  return digest.digest('hex');
}
