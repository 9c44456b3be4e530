import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Redaction } from '@joinleaf/capture';
import { damageAfter, nothingFolded, type Basis, type StoredCommit } from '@joinleaf/event-log';
import { sha256 } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { foldVersion, FoldTo, isCheckpointDue } from '@joinleaf/replay';
import type { World } from '../world.js';
import { checkpointFolder, CheckpointStore } from './checkpoint-store.js';

// A packed file cannot be read from its middle. The index of a long session in a capture holds its checkpoints and, behind each, the
// commits up to the next one, packed by themselves. It goes by the SHA-256 of the file, so that it is of this file or of none.

/** What is known of a session that was read to its end without trouble. */
export interface Indexed {
  readonly schema: 'joinleaf.capture-index/1';
  readonly fold: string;
  readonly session: SessionAddress;
  /** Of all sessions in the capture. */
  readonly sessions: number;
  readonly revision: number;
  readonly redaction: Redaction;
}

const schema = 'joinleaf.capture-index/1';
const about = 'about.json';
const quickly = { level: 1 };

export class CaptureIndex {
  readonly #folder: string;

  /**
   * @param file - The SHA-256 of the capture.
   * @param wanted - The session; undefined for the only one.
   */
  constructor(world: Pick<World, 'env'>, file: string, wanted: string | undefined) {
    this.#folder = checkpointFolder(world, `capture ${file}`, wanted ?? '');
  }

  /** Null where there is none. */
  async indexed(): Promise<Indexed | null> {
    try {
      const [sum, text = ''] = (await readFile(join(this.#folder, about), 'utf8')).split('\n');
      if (sum !== sumOf(text)) return null;
      const found = JSON.parse(text) as Indexed;
      return (found.schema as string) === schema && found.fold === foldVersion ? found : null;
    } catch {
      return null;
    }
  }

  /** Folds to a position; null where the index is not what it should be, which is the end of it. */
  async foldTo({ session, revision: end }: Indexed, basis: Basis): Promise<FoldTo | null> {
    const store = new CheckpointStore(this.#folder, session);
    const from = (await store.latest(Math.min(basis.revision, end))) ?? nothingFolded;
    const fold = new FoldTo(basis, from);
    try {
      const packed = await readFile(commitsAfter(this.#folder, from.head.revision));
      foldLines(fold, session, gunzipSync(packed).toString('utf8'));
      if (fold.folded.head.revision >= Math.min(basis.revision, end)) return fold;
    } catch {
      // No index: what lies there is something else.
    }
    await store.discard();
    return null;
  }

  /** Begins another one. */
  writer(): CaptureIndexWriter {
    return new CaptureIndexWriter(this.#folder);
  }
}

/** @throws Error at a commit that does not follow the one before. */
function foldLines(fold: FoldTo, session: SessionAddress, lines: string): void {
  for (const line of lines.split('\n')) {
    if (line === '') continue;
    const commit = JSON.parse(line) as StoredCommit;
    const damage = damageAfter(fold.folded.head, commit, session);
    if (damage !== null) throw new Error(damage.detail);
    if (!fold.take(commit)) return;
  }
}

const sumOf = (text: string): string => sha256(new TextEncoder().encode(text));

const commitsAfter = (folder: string, revision: number): string =>
  join(folder, `${String(revision).padStart(12, '0')}.commits.gz`);

/** Writes an index as a session is read. */
export class CaptureIndexWriter {
  /** Whether each part could be kept. */
  readonly #writing: Promise<boolean>[] = [];
  readonly #fold = new FoldTo({ revision: Infinity, decisions: 0 });
  #lines: string[] = [];
  #from = 0;
  #isWhole = true;

  constructor(private readonly folder: string) {}

  take(commit: StoredCommit): void {
    this.#isWhole &&= damageAfter(this.#fold.folded.head, commit) === null;
    this.#fold.take(commit);
    this.#lines.push(JSON.stringify(commit), '\n');
    const { folded } = this.#fold;
    if (!this.#isWhole || !isCheckpointDue(this.#lines.length / 2, folded)) return;
    this.#writing.push(this.#keepLines());
    const store = new CheckpointStore(this.folder, commit.session);
    this.#writing.push(store.keep(folded).then(() => true));
    this.#from = folded.head.revision;
  }

  /** Ends it, if it was long enough to be of use. Nowhere to keep it is no trouble. */
  async finish(of: Pick<Indexed, 'session' | 'sessions' | 'redaction'>): Promise<void> {
    if (this.#from === 0) return;
    const { session, sessions, redaction } = of;
    const { revision } = this.#fold.folded.head;
    const indexed: Indexed = { schema, fold: foldVersion, session, sessions, revision, redaction };
    const areKept = await Promise.all([...this.#writing, this.#keepLines()]);
    const text = JSON.stringify(indexed);
    const file = join(this.folder, about);
    const isKept =
      !areKept.includes(false) && (await kept(() => writeFile(file, `${sumOf(text)}\n${text}`)));
    if (!isKept) await this.discard();
  }

  /** Leaves nothing of it. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.#writing);
    await rm(this.folder, { recursive: true, force: true }).catch(() => undefined);
  }

  #keepLines(): Promise<boolean> {
    const packed = gzipSync(this.#lines.join(''), quickly);
    const file = commitsAfter(this.folder, this.#from);
    this.#lines = [];
    return kept(async () => {
      await mkdir(this.folder, { recursive: true });
      await writeFile(file, packed);
    });
  }
}

const kept = (write: () => Promise<void>): Promise<boolean> =>
  write().then(
    () => true,
    () => false,
  );
