import { hash } from 'node:crypto';
import {
  commitBytesMax,
  UnreadableCommit,
  type Sha256,
  type StoredCommit,
} from '@joinleaf/event-log';
import { commitSchema, decode, sessionIn, type Malformed } from '@joinleaf/wire';
import type { StoredMessage } from './stream-access.js';

/** SHA-256 in hexadecimal. */
export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'hex');

/**
 * Reads a stored message as a commit of the session that its subject names.
 *
 * @throws UnreadableCommit
 */
export function storedCommit({ subject, sequence, bytes, storedAt }: StoredMessage): StoredCommit {
  const decoded = decode(commitSchema, bytes, commitBytesMax);
  if (!decoded.ok) throw new UnreadableCommit(sequence, subject, inWords(decoded.error));
  const commit = decoded.value;
  if (commit.session !== sessionIn(subject)) {
    throw new UnreadableCommit(sequence, subject, 'session: is not the one of the subject');
  }
  return { ...commit, hash: sha256(bytes), sequence, storedAt };
}

export const inWords = ({ field, problem }: Malformed): string =>
  field === '' ? problem : `${field}: ${problem}`;
