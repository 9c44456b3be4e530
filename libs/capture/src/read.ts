import type { Commit, RefusalRecord, Sha256, StoredCommit } from '@joinleaf/event-log';
import type { Result, SessionAddress } from '@joinleaf/multipoint';
import { bytesOfTag } from './bytes.js';
import type { CaptureContent, NodeLife, Redaction } from './content.js';
import { formatName, formatVersion, type Digest, type Footer, type Manifest } from './format.js';
import { lineBody, type LineTrouble } from './line.js';
import { parseSafely } from './safe-json.js';
import { isDataKey } from './write.js';

/** Reads a part of a record, or says what is wrong with it: the schemas of the edge, handed in. */
export type Parse<T> = (value: unknown) => Result<T, string>;

export interface CaptureReading {
  readonly sha256: Sha256;
  readonly digest: Digest;
  readonly commit: Parse<Commit>;
  readonly refusal: Parse<RefusalRecord>;
  readonly node: Parse<NodeLife>;
  readonly limits?: Partial<CaptureLimits>;
  /** Takes each commit as it is read. They are not kept then: a session may have more of them than there is memory. */
  readonly onCommit?: (commit: StoredCommit) => void;
}

export interface CaptureLimits {
  /** Characters of all lines together. */
  readonly charactersMax: number;
  readonly lineCharactersMax: number;
  readonly linesMax: number;
}

export const captureLimits: CaptureLimits = {
  charactersMax: 1_024 * 1_024 * 1_024,
  lineCharactersMax: 2 * 1_024 * 1_024,
  linesMax: 5_000_000,
};

/** What is wrong with a capture, and at which line of it, from 1. */
export interface CaptureProblem {
  readonly kind: 'no-capture' | 'too-new' | 'too-large' | 'malformed' | 'edited' | 'truncated';
  readonly line: number;
  readonly message: string;
}

export interface CaptureRead {
  readonly manifest: Manifest;
  readonly footer: Footer | null;
  readonly content: CaptureContent;
  /** Commits whose bytes were held against their hash. */
  readonly verified: number;
  readonly lines: number;
  /** The first thing that is wrong: nothing after its line was read. */
  readonly problem: CaptureProblem | null;
}

/**
 * Reads a capture from its lines, without line breaks. Never throws for what stands in them.
 *
 * @returns What could be read up to the first problem; no more than the problem when there is no manifest.
 */
export function readCapture(
  lines: Iterable<string>,
  reading: CaptureReading,
): Result<CaptureRead, CaptureProblem> {
  const reader = new CaptureReader(reading);
  for (const line of lines) {
    if (!reader.take(line)) break;
  }
  return reader.finish();
}

const noManifest = 'this is no capture of joinleaf';

interface Records {
  readonly commits: StoredCommit[];
  readonly refusals: RefusalRecord[];
  last: StoredCommit | undefined;
}

/** Reads a capture line by line, for those that have never all of it. */
export class CaptureReader {
  readonly #reading: CaptureReading;
  readonly #limits: CaptureLimits;
  readonly #sessions = new Map<string, Records>();
  readonly #nodes: NodeLife[] = [];
  #manifest: Manifest | null = null;
  #footer: Footer | null = null;
  #problem: CaptureProblem | null = null;
  #line = 0;
  #characters = 0;
  #commits = 0;
  #refusals = 0;
  #verified = 0;

  constructor(reading: CaptureReading) {
    this.#reading = reading;
    this.#limits = { ...captureLimits, ...reading.limits };
  }

  /** Reads the next line. False when there is no use in going on. */
  take(line: string): boolean {
    this.#line += 1;
    this.#characters += line.length + 1;
    const problem = this.#tooLarge(line) ?? this.#afterFooter() ?? this.#read(line);
    if (problem === null) return true;
    this.#problem = { ...problem, line: this.#line };
    return false;
  }

  finish(): Result<CaptureRead, CaptureProblem> {
    const manifest = this.#manifest;
    if (manifest === null) {
      const empty = { kind: 'no-capture', line: 1, message: noManifest } as const;
      return { ok: false, error: this.#problem ?? empty };
    }
    const sessions = [...this.#sessions].map(([session, { commits, refusals }]) => ({
      session: session as SessionAddress,
      commits,
      refusals,
    }));
    return {
      ok: true,
      value: {
        manifest,
        footer: this.#footer,
        content: { sessions, nodes: this.#nodes },
        verified: this.#verified,
        lines: this.#line,
        problem: this.#problem ?? this.#truncated(),
      },
    };
  }

  #truncated(): CaptureProblem | null {
    if (this.#footer !== null) return null;
    const message = `the capture is truncated: it ends after line ${String(this.#line)}, without a footer`;
    return { kind: 'truncated', line: this.#line, message };
  }

  #tooLarge(line: string): Trouble | null {
    const { charactersMax, lineCharactersMax, linesMax } = this.#limits;
    if (line.length > lineCharactersMax) {
      return tooLarge(`a line is longer than ${String(lineCharactersMax)} characters`);
    }
    if (this.#characters > charactersMax) {
      return tooLarge(`it is longer than ${String(charactersMax)} characters`);
    }
    return this.#line > linesMax ? tooLarge(`it has more than ${String(linesMax)} lines`) : null;
  }

  #afterFooter(): Trouble | null {
    return this.#footer === null ? null : edited('something stands after the footer');
  }

  #read(line: string): Trouble | null {
    const { sha256, digest } = this.#reading;
    const body = lineBody(line, this.#line, sha256);
    if ('trouble' in body) return this.#line === 1 ? notOurs : lineTrouble(body.trouble);
    const parsed = parseSafely(body.text);
    if (!parsed.ok) return malformed(parsed.error);
    const value = parsed.value as Readonly<Record<string, unknown>>;
    const problem = this.#record(value);
    if (this.#footer === null) digest.update(`${line}\n`);
    return problem;
  }

  #record(value: Readonly<Record<string, unknown>>): Trouble | null {
    if (this.#manifest === null) return this.#takeManifest(value.manifest);
    if ('ev' in value) return this.#takeCommit(value.ev, this.#manifest.redaction);
    if ('dec' in value) return this.#takeRefusal(value.dec, this.#manifest.redaction);
    if ('node' in value) return this.#takeNode(value.node);
    if ('footer' in value) return this.#takeFooter(value.footer);
    return malformed('is of a kind that this version does not know');
  }

  #takeManifest(value: unknown): Trouble | null {
    if (!isObject(value) || value.format !== formatName) return notOurs;
    if (typeof value.version !== 'number') return notOurs;
    if (value.version > formatVersion) {
      const message = `it is of version ${String(value.version)}, and this program reads up to ${String(formatVersion)}`;
      return { kind: 'too-new', message };
    }
    const manifest = manifestIn(value);
    if (manifest === null) return malformed('is no manifest');
    this.#manifest = manifest;
    for (const session of manifest.sessions) {
      this.#sessions.set(session, { commits: [], refusals: [], last: undefined });
    }
    return null;
  }

  #takeCommit(value: unknown, redaction: Redaction): Trouble | null {
    if (!isObject(value)) return malformed('is no commit');
    const { hash, sequence, storedAt, exact } = value;
    if (typeof hash !== 'string' || typeof sequence !== 'number' || typeof storedAt !== 'number') {
      return malformed('is no commit');
    }
    if (exact === true) {
      const bytes = new TextEncoder().encode(JSON.stringify(value.commit));
      if (this.#reading.sha256(bytes) !== hash)
        return edited('the commit is not the one of its hash');
      this.#verified += 1;
    }
    const parsed = this.#reading.commit(withBytes(value.commit, redaction));
    if (!parsed.ok) return malformed(parsed.error);
    const records = this.#sessions.get(parsed.value.session);
    if (records === undefined) return edited('the manifest does not name its session');
    records.last = { ...parsed.value, hash, sequence, storedAt };
    if (this.#reading.onCommit === undefined) records.commits.push(records.last);
    else this.#reading.onCommit(records.last);
    this.#commits += 1;
    return null;
  }

  #takeRefusal(value: unknown, redaction: Redaction): Trouble | null {
    const parsed = this.#reading.refusal(withBytes(value, redaction));
    if (!parsed.ok) return malformed(parsed.error);
    const records = this.#sessions.get(parsed.value.session);
    if (records === undefined) return edited('the manifest does not name its session');
    records.refusals.push(parsed.value);
    this.#refusals += 1;
    return null;
  }

  #takeNode(value: unknown): Trouble | null {
    const parsed = this.#reading.node(value);
    if (!parsed.ok) return malformed(parsed.error);
    this.#nodes.push(parsed.value);
    return null;
  }

  #takeFooter(value: unknown): Trouble | null {
    if (!isFooter(value)) return malformed('is no footer');
    const counted =
      value.commits === this.#commits &&
      value.refusals === this.#refusals &&
      value.nodes === this.#nodes.length;
    if (!counted) return edited('the footer counts other records than there are');
    if (!this.#endsAt(value.heads)) return edited('a session does not end where the footer says');
    if (value.sha256 !== this.#reading.digest.hex()) {
      return edited('the lines are not those that the footer was written for');
    }
    this.#footer = value;
    return null;
  }

  #endsAt(heads: Footer['heads']): boolean {
    return [...this.#sessions].every(([session, { last }]) => {
      const head = Object.hasOwn(heads, session) ? heads[session] : undefined;
      return head?.revision === (last?.revision ?? 0) && head.hash === (last?.hash ?? null);
    });
  }
}

type Trouble = Omit<CaptureProblem, 'line'>;

const notOurs: Trouble = { kind: 'no-capture', message: noManifest };
const tooLarge = (message: string): Trouble => ({ kind: 'too-large', message });
const malformed = (message: string): Trouble => ({
  kind: 'malformed',
  message: `the line ${message}`,
});
const edited = (message: string): Trouble => ({ kind: 'edited', message });

function lineTrouble(trouble: LineTrouble): Trouble {
  switch (trouble) {
    case 'no-line-of-a-capture':
      return { kind: 'malformed', message: 'the line is cut, or no line of a capture' };
    case 'out-of-order':
      return edited('lines are missing, repeated or in another order');
    case 'edited':
      return edited('the line was edited: its checksum does not fit');
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

function manifestIn(value: Readonly<Record<string, unknown>>): Manifest | null {
  const { version, tool, createdAt, realm, sessions, deciders, redaction, complete } = value;
  if (typeof version !== 'number' || typeof tool !== 'string') return null;
  if (typeof createdAt !== 'number' || (realm !== null && typeof realm !== 'string')) return null;
  if (!isTexts(sessions) || !isTexts(deciders) || !isObject(redaction)) return null;
  const { names, ids, data } = redaction;
  if (typeof names !== 'boolean' || typeof ids !== 'boolean' || typeof data !== 'boolean') {
    return null;
  }
  const kept = { version, tool, createdAt, realm, sessions, deciders };
  return {
    format: formatName,
    ...kept,
    redaction: { names, ids, data },
    complete: complete === true,
  };
}

function isFooter(value: unknown): value is Footer {
  if (!isObject(value) || !isObject(value.heads)) return false;
  const { commits, refusals, nodes, sha256 } = value;
  return (
    [commits, refusals, nodes].every((n) => typeof n === 'number') && typeof sha256 === 'string'
  );
}

/** What was written as a length and a tag becomes as many bytes again. */
function withBytes(value: unknown, redaction: Redaction): unknown {
  if (!redaction.data) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => withBytes(item, redaction));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      if (!isDataKey(key) || !isObject(field)) return [key, withBytes(field, redaction)];
      const { len, tag } = field;
      const fits = typeof len === 'number' && len >= 0 && len <= dataBytesMax && isTag(tag);
      return [key, fits ? bytesOfTag({ len, tag }) : field];
    }),
  );
}

// More than any program may attach; a capture must not make us allocate what it only claims.
const dataBytesMax = 65_536;

const isTag = (value: unknown): value is string =>
  typeof value === 'string' && /^(?:[0-9a-f]{2}){0,4}$/.test(value);
