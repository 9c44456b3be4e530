import { describe, expect, it } from '@jest/globals';
import { checkHistories } from '@joinleaf/linearizability';
import type { SessionAddress, SessionCommand, SocketId } from '@joinleaf/multipoint';
import { winsockPolicy } from '@joinleaf/multipoint';
import { encode, refusedReply, Subjects } from '@joinleaf/wire';
import { Recording } from './recording.js';
import type { Records } from './records.js';

const conf = 'conf-7' as SessionAddress;
const subjects = new Subjects('test');
const root = 'ada/run1/1' as SocketId;

const open: SessionCommand = {
  type: 'OpenSession',
  address: conf,
  root,
  control: 'rooted',
  data: 'nonrooted',
  policy: { ...winsockPolicy, admit: 'auto', capacity: 1 },
};

const asks = (node: string): SessionCommand => ({
  type: 'RequestJoin',
  caller: `${node}/run1/1` as SocketId,
  leafAddress: `${node}:1` as never,
  flags: 'both',
  callerData: null,
  now: 1,
  deadlineMs: null,
});

const calls: readonly (readonly [string, string, SessionCommand, object])[] = [
  ['ada', 'open', open, { type: 'opened', incarnation: 1 }],
  ['ada', 'listen', { type: 'Listen', root, backlog: 5 }, { type: 'done', changed: true }],
  ['bob', 'join', asks('bob'), { type: 'joined', join: 'J1', link: null }],
  ['cid', 'join', asks('cid'), { type: 'joined', join: 'J2', link: null }],
];

/** What these calls were told, with the commands as a log would have them. */
function told(count: number): ReturnType<typeof checkHistories> {
  const recording = new Recording(0);
  const refusals = calls.slice(0, count).map(([node, verb, command, answer], index) => {
    const commandId = `command-${String(index)}`;
    const request = {
      subject: subjects.command(node, conf, verb as 'join'),
      data: encode({ v: 1, commandId }),
    };
    const revision = index + 1;
    const reply = { v: 1, ok: true, session: conf, commandId, revision, rule: 'H2', answer };
    recording.asked(node, request, 10 * index);
    recording.answered(node, request, { subject: '', data: encode(reply) }, 10 * index + 5);
    return { session: conf, commandId, command };
  });
  const records = { commits: [], refusals } as unknown as Records;
  return checkHistories(recording.histories('test', records));
}

describe('a recording of what programs were told', () => {
  it('can be explained when it can have come from one session', () => {
    expect(told(3)).toMatchObject([{ session: conf, verdict: 'ok', order: { length: 3 } }]);
  });

  it('leaves open what was turned away once, and asked another time without an answer', () => {
    const outputs = [1, 2].map((tries) => {
      const recording = new Recording(0);
      const commandId = 'command-1';
      const request = {
        subject: subjects.command('bob', conf, 'join'),
        data: encode({ v: 1, commandId }),
      };
      for (let one = 0; one < tries; one += 1) recording.asked('bob', request, one);
      const away = refusedReply({ session: conf, commandId, code: 'WSAENETDOWN', rule: 'E2' });
      recording.answered('bob', request, { subject: '', data: encode(away) }, 5);
      const refusals = [{ session: conf, commandId, command: asks('bob') }];
      const records = { commits: [], refusals } as unknown as Records;
      return recording.histories('test', records)[0]?.operations[0]?.output;
    });
    expect(outputs).toEqual([{ type: 'turned-away', code: 'WSAENETDOWN' }, null]);
  });

  it('is illegal when one leaf too many was told that it is in', () => {
    expect(told(4)).toMatchObject([{ session: conf, verdict: 'illegal' }]);
  });
});
