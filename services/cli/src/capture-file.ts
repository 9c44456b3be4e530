import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createGunzip, gzipSync } from 'node:zlib';
import {
  captureLimits,
  CaptureReader,
  isRedacted,
  redact,
  writeCapture,
  type CaptureContent,
  type CaptureRead,
  type Digest,
  type Parse,
  type Redaction,
} from '@joinleaf/capture';
import type { StoredCommit } from '@joinleaf/event-log';
import { sha256 } from './sha256.js';
import { err, ok } from '@joinleaf/multipoint';
import {
  commitSchema,
  fitsAsItStands,
  nodeRecordSchema,
  refusalRecordSchema,
} from '@joinleaf/wire';
import type { z } from 'zod';
import { exitCodes, Trouble } from './exit-codes.js';

// Captures are gzip'd NDJSON: `zcat x.jlcap | jq` reads one too.

/** Uncompressed for each compressed byte, at most: JSON packs well, a bomb packs much better. */
const ratioMax = 200;
/** Below this a file may pack as well as it likes. */
const ratioFromBytes = 16 * 1_024 * 1_024;

/**
 * Reads a capture file, line by line as it is unpacked.
 *
 * @param onCommit - Takes each commit as it is read; what is returned holds none then.
 * @throws Trouble (not found) when there is no such file; (integrity) when it is no capture.
 */
export async function readCaptureFile(
  path: string,
  onCommit?: (commit: StoredCommit) => void,
): Promise<CaptureRead> {
  const reader = new CaptureReader({
    sha256,
    digest: newDigest(),
    commit: schemaParse(commitSchema),
    refusal: schemaParse(refusalRecordSchema),
    node: schemaParse(nodeRecordSchema),
    ...(onCommit === undefined ? {} : { onCommit }),
  });
  const trouble = await unpack(path, (line) => reader.take(line));
  const read = reader.finish();
  if (!read.ok) {
    const { line, message } = read.error;
    throw new Trouble(exitCodes.integrity, `${path}, line ${String(line)}: ${message}`);
  }
  const { problem } = read.value;
  if (problem?.kind !== 'truncated' || trouble === null) return read.value;
  // The packing says more exactly what happened to the end of the file.
  return { ...read.value, problem: { ...problem, message: `${problem.message} (${trouble})` } };
}

/** Unpacks a file and hands over its lines, until one is not wanted; says why the unpacking stopped before the end, if it did. */
async function unpack(path: string, take: (line: string) => boolean): Promise<string | null> {
  const packed = { bytes: 0, isGzip: false };
  let bytes = 0;
  const lines = new Lines(take);
  const file = createReadStream(path);
  const gunzip = file
    .on('data', (chunk) => {
      if (packed.bytes === 0) packed.isGzip = beginsAsGzip(chunk);
      packed.bytes += chunk.length;
    })
    .pipe(createGunzip());
  file.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > captureLimits.charactersMax || isBomb(bytes, packed.bytes)) {
        throw new Trouble(exitCodes.integrity, `${path} unpacks to more than a capture may hold`, [
          'it was not read any further',
        ]);
      }
      if (!lines.add(chunk)) return null;
    }
    lines.end();
    return null;
  } catch (error) {
    if (error instanceof Trouble) throw error;
    if (isMissing(error)) throw new Trouble(exitCodes.notFound, `there is no file ${path}`);
    if (bytes === 0 && packed.isGzip) {
      throw new Trouble(exitCodes.integrity, `${path} is damaged: it cannot be unpacked`, [
        'it begins as a capture does; bytes of it have changed or are missing since it was written',
      ]);
    }
    if (bytes === 0) {
      throw new Trouble(exitCodes.integrity, `${path} is no capture: it cannot be unpacked`, [
        'a capture is what `joinleaf export` writes',
      ]);
    }
    lines.end();
    return isCut(error) ? 'the packed file ends in the middle' : 'the packed file is damaged';
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

const lineBreak = 0x0a;

/** Cuts what comes in pieces into lines. A line break is never a part of another character. */
class Lines {
  readonly #take: (line: string) => boolean;
  #begun: Buffer[] = [];
  #wanted = true;

  constructor(take: (line: string) => boolean) {
    this.#take = take;
  }

  /** False when no more is wanted. */
  add(chunk: Buffer): boolean {
    let from = 0;
    for (let end = chunk.indexOf(lineBreak); end >= 0; end = chunk.indexOf(lineBreak, from)) {
      this.#begun.push(chunk.subarray(from, end));
      from = end + 1;
      if (!this.#finish()) return false;
    }
    if (from < chunk.length) this.#begun.push(chunk.subarray(from));
    return true;
  }

  // What follows the last line break is a line only when there is something in it.
  end(): void {
    if (this.#wanted && this.#begun.length > 0) this.#finish();
  }

  #finish(): boolean {
    const [only = Buffer.alloc(0), ...more] = this.#begun;
    const line = more.length === 0 ? only : Buffer.concat(this.#begun);
    this.#begun = [];
    this.#wanted = this.#take(line.toString('utf8'));
    return this.#wanted;
  }
}

const isBomb = (bytes: number, packedBytes: number): boolean =>
  bytes > ratioFromBytes && bytes > packedBytes * ratioMax;

const beginsAsGzip = (chunk: string | Buffer): boolean =>
  typeof chunk !== 'string' && chunk[0] === 0x1f && chunk[1] === 0x8b;

const isCut = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'Z_BUF_ERROR';

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

function schemaParse<T>(schema: z.ZodType<T>): Parse<T> {
  return (value) => {
    if (fitsAsItStands(schema, value)) return ok(value as T);
    const parsed = schema.safeParse(value);
    if (parsed.success) return ok(parsed.data);
    const [issue] = parsed.error.issues;
    const path = (issue?.path ?? []).map(String).filter((key) => /^\w{1,64}$/.test(key));
    return err(`does not fit: ${path.join('.') || 'its shape'}`);
  };
}

function newDigest(): Digest {
  const digest = createHash('sha256');
  return { update: (text) => void digest.update(text), hex: () => digest.digest('hex') };
}

export interface CaptureToWrite {
  readonly content: CaptureContent;
  readonly redaction: Redaction;
  readonly realm: string;
  readonly complete: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** Of a capture from which something was taken out. */
export const notRecomputed = 'they cannot be computed again, for names, ids or data were taken out';

/** Why a capture is not all that it should be; null when it is. */
export function troubleIn({ manifest, problem }: CaptureRead): string | null {
  if (problem !== null) return `line ${String(problem.line)}: ${problem.message}`;
  return manifest.complete ? null : 'it was made from a log that could not be read to its end';
}

/** Packs a capture, with what is to be taken out of it taken out. The key of the tags is thrown away. */
export function packCapture(capture: CaptureToWrite): Buffer {
  const { content, redaction, realm, complete, createdAt } = capture;
  const key = randomBytes(32);
  const tag = (data: string) =>
    createHmac('sha256', key).update(Buffer.from(data, 'base64')).digest('hex').slice(0, 8);
  const kept = isRedacted(redaction) ? redact(content, redaction, tag) : content;
  const named = { tool: 'joinleaf 0.1.0', createdAt, realm, complete, redaction };
  const writing = { ...named, sha256, digest: newDigest() };
  return packedLines(writeCapture(kept, writing));
}

/** Characters packed together; of what is packed apart, a reader of gzip makes one again. */
const packedTogether = 64 * 1_024 * 1_024;

// A text has a greatest length, and a capture may be longer.
function packedLines(lines: Iterable<string>): Buffer {
  const blocks: Buffer[] = [];
  let text: string[] = [];
  let characters = 0;
  const pack = () => {
    blocks.push(gzipSync(text.join(''), { level: 9 }));
    text = [];
    characters = 0;
  };
  for (const line of lines) {
    text.push(line, '\n');
    characters += line.length + 1;
    if (characters >= packedTogether) pack();
  }
  if (characters > 0) pack();
  return Buffer.concat(blocks);
}

/** Puts a file in place whole, or not at all. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await writeFile(draft, bytes, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new Trouble(exitCodes.failure, `${path} cannot be written`, [
      error instanceof Error ? error.message : String(error),
    ]);
  }
}
