import { WSA, type Descriptor, type Heard, type WsaCode } from '@joinleaf/multipoint';
import type { Link, SocketEvent } from './api.js';
import { fromBase64 } from './connect-data.js';
import type { Notice } from './provider.js';

/** Of news that no commit brought. */
export const noEvent = { id: '', revision: 0 } as const;

/** What a socket heard, as a program sees it. */
export function eventOf(
  what: Heard,
  { id, session, revision }: Notice,
  linkAt: (descriptor: Descriptor) => Link | null,
): SocketEvent | null {
  const event = { id, session, revision };
  switch (what.kind) {
    case 'FD_ACCEPT': {
      const { join, from, flags, deadlineAt } = what;
      const callerData = fromBase64(what.callerData);
      return { ...event, type: 'FD_ACCEPT', join, from, flags, callerData, deadlineAt };
    }
    case 'FD_CONNECT': {
      const { join, code } = what;
      const link = what.link === null ? null : linkAt(what.link);
      const calleeData = fromBase64(what.calleeData);
      return { ...event, type: 'FD_CONNECT', join, code, number: numberOf(code), link, calleeData };
    }
    case 'FD_CLOSE':
      return { ...event, type: 'FD_CLOSE', code: what.code, number: numberOf(what.code) };
    case 'WITHDRAWN':
      return { ...event, type: 'WITHDRAWN', join: what.join };
    case 'ROOT_LOST':
      return { ...event, type: 'ROOT_LOST', heir: what.heir, until: what.until };
    case 'ROOT_REPLACED':
      return { ...event, type: 'ROOT_REPLACED', root: what.root };
    case 'FD_QOS':
      return { ...event, type: 'FD_QOS', flow: what.flow };
    // Data is taken from `messages()`, and room is waited for by `send`.
    case 'FD_READ':
    case 'FD_WRITE':
      return null;
    case 'LINKED': {
      const link = linkAt(what.link);
      return link === null ? null : { ...event, type: 'LINKED', join: what.join, link };
    }
  }
}

const numberOf = (code: WsaCode | null): number => (code === null ? 0 : WSA[code]);
