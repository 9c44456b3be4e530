import type { RefusalRecord, Sha256, StoredCommit } from '@joinleaf/event-log';
import type { Base64 } from '@joinleaf/multipoint';
import { tagOfBytes } from './bytes.js';
import {
  isRedacted,
  type CaptureContent,
  type CapturedSession,
  type Redaction,
} from './content.js';
import { formatName, formatVersion, type Digest, type Footer, type Manifest } from './format.js';
import { writeLine, type LineKind } from './line.js';

export interface CaptureWriting {
  /** What writes it, such as `joinleaf 0.1.0`. */
  readonly tool: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  readonly realm: string;
  readonly complete: boolean;
  /** What was taken out of the content before. */
  readonly redaction: Redaction;
  readonly sha256: Sha256;
  readonly digest: Digest;
}

/** Writes a capture, line by line and without line breaks: manifest, records in their order, footer. */
export function* writeCapture(
  content: CaptureContent,
  writing: CaptureWriting,
): Generator<string, void, undefined> {
  const { sha256, digest, redaction } = writing;
  let number = 0;
  const next = (kind: LineKind, value: unknown): string => {
    number += 1;
    const line = writeLine(number, kind, value, sha256);
    if (kind !== 'footer') digest.update(`${line}\n`);
    return line;
  };
  yield next('manifest', manifestOf(content, writing));
  for (const life of content.nodes) yield next('node', life);
  for (const session of content.sessions) {
    for (const record of inOrder(session)) {
      yield record.kind === 'commit'
        ? next('ev', eventRecord(record.commit, redaction, sha256))
        : next('dec', withTags(record.refusal, redaction));
    }
  }
  yield next('footer', footerOf(content, digest));
}

function manifestOf(content: CaptureContent, writing: CaptureWriting): Manifest {
  const { tool, createdAt, realm, redaction, complete } = writing;
  const deciders = content.sessions.flatMap(({ commits, refusals }) => [
    ...commits.map(({ decider }) => decider),
    ...refusals.map(({ decider }) => decider),
  ]);
  return {
    format: formatName,
    version: formatVersion,
    tool,
    createdAt,
    realm: redaction.names ? null : realm,
    sessions: content.sessions.map(({ session }) => session),
    deciders: [...new Set(deciders)],
    redaction,
    complete,
  };
}

type SessionRecord =
  | { readonly kind: 'commit'; readonly commit: StoredCommit }
  | { readonly kind: 'refusal'; readonly refusal: RefusalRecord };

// A refusal stands before the commit that follows the state it was based on.
function* inOrder({ commits, refusals }: CapturedSession): Generator<SessionRecord> {
  const waiting = refusals.toSorted(
    (a, b) => a.basedOn.revision - b.basedOn.revision || a.basedOn.decisions - b.basedOn.decisions,
  );
  let next = 0;
  for (const commit of commits) {
    yield { kind: 'commit', commit };
    for (let one = waiting[next]; one !== undefined; one = waiting[next]) {
      const { revision, decisions } = one.basedOn;
      if (revision + (decisions > 0 ? 1 : 0) > commit.revision) break;
      next += 1;
      yield { kind: 'refusal', refusal: one };
    }
  }
  for (const refusal of waiting.slice(next)) yield { kind: 'refusal', refusal };
}

function eventRecord(stored: StoredCommit, redaction: Redaction, sha256: Sha256) {
  const { hash, sequence, storedAt, ...commit } = stored;
  const exact =
    !isRedacted(redaction) && sha256(new TextEncoder().encode(JSON.stringify(commit))) === hash;
  return { hash, sequence, storedAt, exact, commit: withTags(commit, redaction) };
}

/** Bytes that were made of a tag are written as what they are. */
function withTags(record: object, redaction: Redaction): unknown {
  if (!redaction.data) return record;
  return mapData(record, (data) => tagOfBytes(data));
}

function mapData(value: unknown, change: (data: Base64) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => mapData(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]: [string, unknown]) =>
      isDataKey(key) && typeof field === 'string'
        ? [key, change(field)]
        : [key, mapData(field, change)],
    ),
  );
}

const dataKeys: readonly string[] = ['callerData', 'calleeData', 'providerSpecific'];

export const isDataKey = (key: string): boolean => dataKeys.includes(key);

function footerOf({ sessions, nodes }: CaptureContent, digest: Digest): Footer {
  const heads = sessions.map(({ session, commits }) => {
    const last = commits.at(-1);
    return [session, { revision: last?.revision ?? 0, hash: last?.hash ?? null }] as const;
  });
  const count = (list: (session: CapturedSession) => readonly unknown[]): number =>
    sessions.reduce((sum, session) => sum + list(session).length, 0);
  return {
    commits: count(({ commits }) => commits),
    refusals: count(({ refusals }) => refusals),
    nodes: nodes.length,
    heads: Object.fromEntries(heads),
    sha256: digest.hex(),
  };
}
