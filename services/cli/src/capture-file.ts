import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { createGunzip, gzipSync } from 'node:zlib';
import {
  captureLimits,
  isRedacted,
  readCapture,
  redact,
  writeCapture,
  type CaptureContent,
  type CaptureRead,
  type Digest,
  type Parse,
  type Redaction,
} from '@joinleaf/capture';
import { sha256 } from '@joinleaf/jetstream-log';
import { err, ok } from '@joinleaf/multipoint';
import { commitSchema, nodeRecordSchema, refusalRecordSchema } from '@joinleaf/wire';
import type { z } from 'zod';
import { exitCodes, Trouble } from './exit-codes.js';

// Captures are gzip'd NDJSON: `zcat x.jlcap | jq` reads one too.

/** Uncompressed for each compressed byte, at most: JSON packs well, a bomb packs much better. */
const ratioMax = 200;
/** Below this a file may pack as well as it likes. */
const ratioFromBytes = 16 * 1_024 * 1_024;

/**
 * Reads a capture file.
 *
 * @throws Trouble (not found) when there is no such file; (integrity) when it is no capture.
 */
export async function readCaptureFile(path: string): Promise<CaptureRead> {
  const { lines, trouble } = await unpacked(path);
  const read = readCapture(lines, {
    sha256,
    digest: newDigest(),
    commit: schemaParse(commitSchema),
    refusal: schemaParse(refusalRecordSchema),
    node: schemaParse(nodeRecordSchema),
  });
  if (!read.ok) {
    const { line, message } = read.error;
    throw new Trouble(exitCodes.integrity, `${path}, line ${String(line)}: ${message}`);
  }
  const { problem } = read.value;
  if (problem?.kind !== 'truncated' || trouble === null) return read.value;
  // The packing says more exactly what happened to the end of the file.
  return { ...read.value, problem: { ...problem, message: `${problem.message} (${trouble})` } };
}

interface Unpacked {
  readonly lines: readonly string[];
  /** Why the unpacking stopped before the end. */
  readonly trouble: string | null;
}

async function unpacked(path: string): Promise<Unpacked> {
  let packedBytes = 0;
  let bytes = 0;
  const chunks: Buffer[] = [];
  const file = createReadStream(path);
  const gunzip = file
    .on('data', (chunk) => {
      packedBytes += chunk.length;
    })
    .pipe(createGunzip());
  file.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > captureLimits.charactersMax || isBomb(bytes, packedBytes)) {
        throw new Trouble(exitCodes.integrity, `${path} unpacks to more than a capture may hold`, [
          'it was not read any further',
        ]);
      }
      chunks.push(chunk);
    }
    return { lines: linesIn(chunks), trouble: null };
  } catch (error) {
    if (error instanceof Trouble) throw error;
    if (isMissing(error)) throw new Trouble(exitCodes.notFound, `there is no file ${path}`);
    if (chunks.length === 0) {
      throw new Trouble(exitCodes.integrity, `${path} is no capture: it cannot be unpacked`, [
        'a capture is what `joinleaf export` writes',
      ]);
    }
    return { lines: linesIn(chunks), trouble: 'the packed file ends in the middle' };
  } finally {
    file.destroy();
  }
}

const isBomb = (bytes: number, packedBytes: number): boolean =>
  bytes > ratioFromBytes && bytes > packedBytes * ratioMax;

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';

// What follows the last line break is a line only when there is something in it.
function linesIn(chunks: readonly Buffer[]): readonly string[] {
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function schemaParse<T>(schema: z.ZodType<T>): Parse<T> {
  return (value) => {
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
  const lines = [...writeCapture(kept, writing)];
  return gzipSync(lines.map((line) => `${line}\n`).join(''), { level: 9 });
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
