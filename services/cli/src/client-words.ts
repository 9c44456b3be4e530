import type { Link, Refused, SocketEvent } from '@joinleaf/client';
import { notSpecified, type Flow, type FlowSpec } from '@joinleaf/multipoint';
import { timeOfDay } from '@joinleaf/replay';
import type { Happening } from './narrator.js';
import { refusedWords } from './node-connection.js';

/** What a socket heard. */
export function eventHappening(event: SocketEvent, reveal: boolean): Happening {
  const base = { id: event.id, session: event.session, revision: event.revision };
  switch (event.type) {
    case 'FD_ACCEPT': {
      const { join, from, flags, callerData, deadlineAt } = event;
      const until = deadlineAt === null ? '' : `, until ${timeOfDay(deadlineAt)}`;
      return {
        event: 'FD_ACCEPT',
        words: `${join} from ${from}, ${flags}${dataWords(callerData, reveal)}${until}`,
        fields: {
          ...base,
          join,
          from,
          flags,
          deadlineAt,
          callerData: dataField(callerData, reveal),
        },
      };
    }
    case 'FD_CONNECT': {
      const { join, code, number, link, calleeData } = event;
      const outcome = code === null ? 'success' : `${code} (${String(number)})`;
      const to = link === null ? '' : `, link to ${link.leaf}`;
      return {
        event: 'FD_CONNECT',
        words: `${join} ${outcome}${to}${dataWords(calleeData, reveal)}`,
        fields: { ...base, join, code, calleeData: dataField(calleeData, reveal) },
        tone: code === null ? undefined : 'bad',
      };
    }
    case 'FD_CLOSE': {
      const { code } = event;
      return {
        event: 'FD_CLOSE',
        words: closeWords(code),
        fields: { ...base, code },
        tone: code === null ? 'warn' : 'bad',
      };
    }
    case 'WITHDRAWN':
      return {
        event: 'WITHDRAWN',
        words: `${event.join} waits no more`,
        fields: { ...base, join: event.join },
        tone: 'warn',
      };
    case 'ROOT_LOST':
    case 'ROOT_REPLACED':
      return rootNews(event, base);
    case 'FD_QOS':
      return flowHappening(event.flow, base);
    case 'DATA_LOST':
      return {
        event: 'DATA_LOST',
        words: `${String(event.count)} messages were lost`,
        fields: { ...base, count: event.count },
        tone: 'warn',
      };
    case 'LINKED': {
      const { join, link } = event;
      return {
        event: 'LINKED',
        words: `${join} ${link.leaf} is a member`,
        fields: { ...base, join, leaf: link.leaf, link: link.socket },
      };
    }
  }
}

function rootNews(
  event: Extract<SocketEvent, { type: 'ROOT_LOST' | 'ROOT_REPLACED' }>,
  base: object,
): Happening {
  if (event.type === 'ROOT_REPLACED') {
    const { type, root } = event;
    return { event: type, words: `${root} is the root now`, fields: { ...base, root } };
  }
  const { type, heir, until } = event;
  const words = heir ? 'the root is lost, and this node is to be the next' : 'the root is lost';
  return { event: type, words, fields: { ...base, heir, until }, tone: 'warn' };
}

function flowHappening({ sending, receiving }: Flow, base: object): Happening {
  const rate = ({ tokenRate }: FlowSpec) =>
    tokenRate === notSpecified ? 'any' : `${String(tokenRate)} B/s`;
  return {
    event: 'FD_QOS',
    words: `sends ${rate(sending)}, receives ${rate(receiving)}`,
    fields: { ...base, sending, receiving },
    tone: 'warn',
  };
}

/** A root's link to a leaf is over. */
export const linkOver = (link: Link, code: string | null): Happening => ({
  event: 'FD_CLOSE',
  words: `link to ${link.leaf}: ${closeWords(code)}`,
  fields: { session: link.session, join: link.join, leaf: link.leaf, link: link.socket, code },
  tone: code === null ? 'warn' : 'bad',
});

export function refusedHappening(event: string, refused: Refused): Happening {
  const { event: notification, ...fields } = refused;
  return { event, words: refusedWords(refused), fields: { ...fields, notification }, tone: 'bad' };
}

const closeWords = (code: string | null): string => code ?? 'in good order';

/** `, 24 B ■■■`, or what the bytes say. */
function dataWords(data: Uint8Array | null, reveal: boolean): string {
  if (data === null) return '';
  const shown = reveal ? JSON.stringify(new TextDecoder().decode(data)) : '■■■';
  return `, ${String(data.length)} B ${shown}`;
}

const dataField = (data: Uint8Array | null, reveal: boolean) => {
  if (data === null) return null;
  return reveal ? Buffer.from(data).toString('base64') : { len: data.length };
};
