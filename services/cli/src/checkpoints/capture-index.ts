import { gunzipSync, gzipSync } from 'node:zlib';
import type { Redaction } from '@joinleaf/capture';
import { damageAfter, type Basis, type StoredCommit } from '@joinleaf/event-log';
import { sha256 } from '../sha256.js';
import type { SessionAddress } from '@joinleaf/multipoint';
import { foldVersion, FoldTo, isCheckpointDue, nothingCounted } from '@joinleaf/replay';
import {
  commitSchema,
  fitsAsItStands,
  hashField,
  revisionField,
  sessionField,
  timeField,
} from '@joinleaf/wire';
import { z } from 'zod';
import type { CacheFolder } from '../cache/cache-folder.js';
import { keepJson, keptJson } from '../cache/text-file.js';
import { CheckpointStore } from './checkpoint-store.js';

// A packed file cannot be read from its middle. The index of a long session in a capture holds its checkpoints and, behind each, the
// commits up to the next one, packed by themselves. The folder that it lies in goes by the SHA-256 of the capture, so that it is of
// this file or of none.

const schema = 'joinleaf.capture-index/2';
const about = 'about.json';
const aboutBytesMax = 10_000_000;
/** Of the commits behind one checkpoint, packed and as text. */
const packedBytesMax = 100_000_000;
const textBytesMax = 400_000_000;
const quickly = { level: 1 };

const indexedSchema = z.strictObject({
  schema: z.literal(schema),
  fold: z.literal(foldVersion),
  session: sessionField,
  /** Of all sessions in the capture. */
  sessions: z.int().min(1),
  revision: revisionField,
  redaction: z.strictObject({ names: z.boolean(), ids: z.boolean(), data: z.boolean() }),
  /** The SHA-256 of the commits behind each checkpoint, by its revision. */
  parts: z.record(z.string().regex(/^\d{1,15}$/), hashField),
});

/** What is known of a session that was read to its end without trouble. */
export type Indexed = z.infer<typeof indexedSchema>;

const placeSchema = z.strictObject({
  hash: z.string(),
  sequence: z.int().min(0),
  storedAt: timeField,
});

export class CaptureIndex {
  constructor(private readonly folder: CacheFolder) {}

  /** Null where there is none. */
  async indexed(): Promise<Indexed | null> {
    const found = await keptJson(this.folder, about, aboutBytesMax);
    return fitsAsItStands(indexedSchema, found) ? (found as Indexed) : null;
  }

  /** Folds to a position; null where the index is not what it should be, which is the end of it. */
  async foldTo(indexed: Indexed, basis: Basis): Promise<FoldTo | null> {
    const { session, revision: end } = indexed;
    const store = new CheckpointStore(this.folder, session);
    const to = Math.min(basis.revision, end);
    const from = (await store.latest(to)) ?? nothingCounted;
    const fold = new FoldTo(basis, from);
    const lines = await this.#linesAfter(indexed, from.head.revision);
    const isFolded = lines !== null && foldLines(fold, session, lines);
    if (isFolded && fold.folded.head.revision >= to) return fold;
    await store.discard();
    return null;
  }

  /** Begins another one. */
  writer(): CaptureIndexWriter {
    return new CaptureIndexWriter(this.folder);
  }

  async #linesAfter({ parts }: Indexed, revision: number): Promise<string | null> {
    const packed = await this.folder.read(commitsAfter(revision), packedBytesMax);
    if (packed === null || sha256(packed) !== parts[String(revision)]) return null;
    try {
      return gunzipSync(packed, { maxOutputLength: textBytesMax }).toString('utf8');
    } catch {
      return null;
    }
  }
}

/** False at what is no commit, or does not follow the one before. */
function foldLines(fold: FoldTo, session: SessionAddress, lines: string): boolean {
  for (const line of lines.split('\n')) {
    if (line === '') continue;
    const commit = commitIn(line);
    if (commit === null || damageAfter(fold.folded.head, commit, session) !== null) return false;
    if (!fold.take(commit)) break;
  }
  return true;
}

function commitIn(line: string): StoredCommit | null {
  try {
    const { hash, sequence, storedAt, ...commit } = JSON.parse(line) as StoredCommit;
    const isOne =
      fitsAsItStands(placeSchema, { hash, sequence, storedAt }) &&
      fitsAsItStands(commitSchema, commit);
    return isOne ? { ...commit, hash, sequence, storedAt } : null;
  } catch {
    return null;
  }
}

const commitsAfter = (revision: number): string =>
  `${String(revision).padStart(12, '0')}.commits.gz`;

/** Writes an index as a session is read. */
export class CaptureIndexWriter {
  /** Whether each part could be kept. */
  readonly #writing: Promise<boolean>[] = [];
  readonly #fold = new FoldTo({ revision: Infinity, decisions: 0 });
  readonly #parts: Record<string, string> = {};
  #lines: string[] = [];
  #from = 0;
  #isWhole = true;

  constructor(private readonly folder: CacheFolder) {}

  take(commit: StoredCommit): void {
    this.#isWhole &&= damageAfter(this.#fold.folded.head, commit) === null;
    this.#fold.take(commit);
    this.#lines.push(JSON.stringify(commit), '\n');
    const { folded } = this.#fold;
    if (!this.#isWhole || !isCheckpointDue(this.#lines.length / 2, folded)) return;
    this.#keepLines();
    const store = new CheckpointStore(this.folder, commit.session);
    this.#writing.push(store.keep(folded));
    this.#from = folded.head.revision;
  }

  /** Ends it, if it was long enough to be of use. Nowhere to keep it is no trouble. */
  async finish(of: {
    readonly session: SessionAddress;
    readonly sessions: number;
    readonly redaction: Redaction;
  }): Promise<void> {
    if (this.#from === 0) return;
    const { session, sessions, redaction } = of;
    const { revision } = this.#fold.folded.head;
    this.#keepLines();
    const areKept = await Promise.all(this.#writing);
    const parts = this.#parts;
    const indexed = { schema, fold: foldVersion, session, sessions, revision, redaction, parts };
    const isKept = !areKept.includes(false) && (await keepJson(this.folder, about, indexed));
    if (!isKept) await this.discard();
  }

  /** Leaves nothing of it. */
  async discard(): Promise<void> {
    await Promise.allSettled(this.#writing);
    await this.folder.discard();
  }

  #keepLines(): void {
    const packed = gzipSync(this.#lines.join(''), quickly);
    this.#lines = [];
    this.#parts[String(this.#from)] = sha256(packed);
    this.#writing.push(this.folder.write(commitsAfter(this.#from), packed));
  }
}
