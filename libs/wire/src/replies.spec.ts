import { describe, expect, it } from '@jest/globals';
import { WSA, retryClass, type WsaCode } from '@joinleaf/multipoint';
import { decode, encode } from './codec.js';
import { resumeReplySchema, startReplySchema, stopReplySchema } from './nodes.js';
import { bulletinSchema, notificationSchema } from './notifications.js';
import { answerSchema, replySchema } from './replies.js';

const bytesMax = 1_000_000;
const root = 'ada/1k3f9x/3';
const link = 'ada/1k3f9x/4';
const bob = 'bob/9z8y7x6w/2';

const accepted = {
  v: 1,
  ok: true,
  session: 'conf-7',
  commandId: 'c-000001',
  revision: 12,
  rule: 'R35',
  answer: { type: 'started', join: 'J7', link: null, deadlineAt: 1_795_000_000_000 },
};
const refused = {
  v: 1,
  ok: false,
  session: 'conf-7',
  commandId: 'c-000001',
  code: 'WSAEALREADY',
  number: 10_037,
  rule: 'R50',
  retry: 'wait',
  basedOn: { revision: 12, decisions: 0 },
  facts: { outstanding: 'J7', tries: 1, sure: true, none: null },
  message: 'A join is already outstanding.',
};
const blank = { ...refused, session: null, commandId: null, basedOn: null, facts: null };

describe('a reply', () => {
  it.each([accepted, refused, blank])('may be %j', (reply) => {
    expect(decode(replySchema, encode(reply), bytesMax)).toEqual({ ok: true, value: reply });
  });

  it.each([
    { type: 'opened', incarnation: 1 },
    { type: 'started', join: 'J7', link, deadlineAt: 1_795_000_000_000 },
    { type: 'joined', join: 'J7', link: 'ada/1k3f9x/J7' },
    { type: 'joined', join: 'J7', link: null },
    { type: 'accepted', join: 'J7', leaf: bob, link },
    { type: 'done', changed: false },
  ])('may answer %j', (answer) => {
    expect(decode(answerSchema, encode(answer), bytesMax)).toEqual({ ok: true, value: answer });
  });

  it('may say more in time, which a reader of today skips', () => {
    for (const reply of [accepted, refused]) {
      const inside = 'answer' in reply ? { answer: { ...reply.answer, later: 1 } } : {};
      const more = { ...reply, ...inside, later: { anything: true } };
      expect(decode(replySchema, encode(more), bytesMax)).toEqual({ ok: true, value: reply });
    }
  });

  it('may carry every code, with the number and the retry class that belong to it', () => {
    for (const code of Object.keys(WSA) as WsaCode[]) {
      const reply = { ...refused, code, number: WSA[code], retry: retryClass(code) };
      expect(decode(replySchema, encode(reply), bytesMax).ok).toBe(true);
    }
  });

  it.each([
    ['ok', { ...accepted, ok: 'yes' }],
    ['v', { ...accepted, v: 2 }],
    ['revision', { ...accepted, revision: -1 }],
    ['rule', { ...accepted, rule: 'R' }],
    ['answer.type', { ...accepted, answer: { type: 'maybe' } }],
    ['answer.join', { ...accepted, answer: { type: 'joined', join: 7, link: null } }],
    ['code', { ...refused, code: 'EALREADY' }],
    ['retry', { ...refused, retry: 'soon' }],
    ['basedOn.decisions', { ...refused, basedOn: { revision: 1 } }],
    ['facts.outstanding', { ...refused, facts: { outstanding: ['J7'] } }],
    ['message', { ...refused, message: 'x'.repeat(1_025) }],
  ])('[H11] names %s when it is amiss', (field, reply) => {
    expect(decode(replySchema, encode(reply), bytesMax)).toMatchObject({ error: { field } });
  });
});

const told = { id: 'conf-7.12.0', session: 'conf-7', revision: 12 };
const asked = { flags: 'both', callerData: 'aGk=', deadlineAt: 1_795_000_000_000 };
const notifications = [
  { ...told, kind: 'FD_ACCEPT', join: 'J7', to: root, from: 'bob:1', ...asked },
  { ...told, kind: 'FD_ACCEPT', join: 'J7', to: 'bob:1', from: root, ...asked, deadlineAt: null },
  { ...told, kind: 'FD_CONNECT', join: 'J7', to: root, code: null, link, calleeData: 'aGk=' },
  {
    ...told,
    kind: 'FD_CONNECT',
    join: 'J7',
    to: bob,
    code: 'WSAETIMEDOUT',
    link: null,
    calleeData: null,
  },
  { ...told, kind: 'FD_CLOSE', to: link, code: null },
  { ...told, kind: 'FD_CLOSE', to: bob, code: 'WSAECONNABORTED' },
  { ...told, kind: 'WITHDRAWN', join: 'J7', to: 'bob:1' },
  { ...told, kind: 'WITHDRAWN', join: 'J7', to: root },
  {
    ...told,
    kind: 'LINKED',
    join: 'J7',
    to: root,
    link,
    leafAddress: 'bob:1',
    flags: 'both',
    callerData: null,
  },
];
const bulletin = { v: 1, node: 'ada', first: 7, sequence: 40, notifications };

describe('a notification', () => {
  it.each(notifications)('may be %j', (notification) => {
    expect(decode(notificationSchema, encode(notification), bytesMax)).toEqual({
      ok: true,
      value: notification,
    });
  });

  it('names its target by socket, or an invitation by endpoint', () => {
    for (const notification of notifications) {
      for (const to of ['ada', 'ada:0', 'ada/1k3f9x', '@news', '', null]) {
        const decoded = decode(notificationSchema, encode({ ...notification, to }), bytesMax);
        expect(decoded).toMatchObject({ ok: false, error: { field: 'to' } });
      }
    }
    const [connect] = notifications.filter(({ kind }) => kind === 'FD_CONNECT');
    expect(decode(notificationSchema, encode({ ...connect, to: 'bob:1' }), bytesMax).ok).toBe(
      false,
    );
  });
});

describe('a bulletin', () => {
  it('holds what one commit says to one node', () => {
    const decoded = decode(bulletinSchema, encode(bulletin), bytesMax);
    expect(decoded).toEqual({ ok: true, value: bulletin });
  });

  it('[H24] keeps the place of what it does not know, and all of the rest', () => {
    const [known] = notifications;
    const place = { id: 'conf-7.12.1', session: 'conf-7', revision: 12, to: 'ada/1k3f9x/3' };
    const later = { ...place, kind: 'LATER', tune: 'la la' };
    const decoded = decode(
      bulletinSchema,
      encode({ ...bulletin, notifications: [known, later, known] }),
      bytesMax,
    );
    const unknown = { ...place, kind: 'UNKNOWN', of: 'LATER' };
    expect(decoded).toEqual({
      ok: true,
      value: { ...bulletin, notifications: [known, unknown, known] },
    });
  });

  it.each([
    ['first', { ...bulletin, first: 0 }],
    ['notifications', { ...bulletin, notifications: [] }],
    ['notifications.1.kind', { ...bulletin, notifications: [notifications[0], { kind: 7 }] }],
    ['notifications.1.id', { ...bulletin, notifications: [notifications[0], { kind: 'FD_READ' }] }],
    [
      'notifications.1.join',
      { ...bulletin, notifications: [notifications[0], { ...notifications[0], join: 7 }] },
    ],
    ['node', { ...bulletin, node: 'a.b' }],
    ['v', { ...bulletin, v: 2 }],
  ])('[H11] names %s when it is amiss', (field, message) => {
    expect(decode(bulletinSchema, encode(message), bytesMax)).toMatchObject({ error: { field } });
  });
});

describe('what a node is answered', () => {
  const replies = [
    [startReplySchema, { v: 1, ok: true, boundMs: 15_000, beatMs: 3_750 }],
    [startReplySchema, blank],
    [stopReplySchema, { v: 1, ok: true }],
    [stopReplySchema, blank],
    [resumeReplySchema, { v: 1, ok: true, head: 0, bulletins: [], pending: [] }],
    [
      resumeReplySchema,
      { v: 1, ok: true, head: 15, bulletins: [bulletin], pending: notifications },
    ],
    [resumeReplySchema, blank],
  ] as const;

  it('may be one of these, and more in time', () => {
    for (const [schema, reply] of replies) {
      expect(decode(schema, encode(reply), bytesMax)).toEqual({ ok: true, value: reply });
      const more = encode({ ...reply, later: 1 });
      expect(decode(schema, more, bytesMax)).toEqual({ ok: true, value: reply });
    }
  });
});
