import { hash } from 'node:crypto';
import type { Sha256 } from '@joinleaf/event-log';

/** SHA-256 in hexadecimal, for what reads files and needs no broker: the one of the log comes with its client. */
export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'hex');
