import { describe, expect, it } from '@jest/globals';
import {
  messageBytesMax,
  type Datum,
  type SessionAddress,
  type SocketId,
} from '@joinleaf/multipoint';
import fc from 'fast-check';
import { decodeDatum, encodeDatum } from './data.js';
import { parseDataSubject, Subjects } from './subjects.js';

const main = new Subjects('main');
const ada = 'ada/run1/3' as SocketId;
const bob = 'bob/run2/J7' as SocketId;

const said = (over: Partial<Datum> = {}): Datum => ({
  session: 'conf-7' as SessionAddress,
  incarnation: 2,
  channel: 'all',
  from: ada,
  kind: 'data',
  sequence: 41,
  asOf: 12,
  bytes: Uint8Array.of(0, 255, 7),
  ...over,
});

const received = (datum: Datum) => decodeDatum(main.data(datum), encodeDatum(datum));

describe('the subject of session data', () => {
  it.each([
    ['all', said(), 'jl.main.data.ada.conf-7.2.all.run1.3'],
    ['up', said({ channel: 'up' }), 'jl.main.data.ada.conf-7.2.up.run1.3'],
    [
      'a socket',
      said({ channel: { socket: bob } }),
      'jl.main.data.ada.conf-7.2.to.bob.run2.J7.run1.3',
    ],
  ])('says whom it is for: %s', (_, datum, subject) => {
    expect(main.data(datum)).toBe(subject);
    const { session, incarnation, channel, from } = datum;
    expect(parseDataSubject(subject)).toEqual({ session, incarnation, channel, from });
  });

  it('is heard by session and channel, or by node', () => {
    expect(main.dataOf('@news' as SessionAddress, 'all')).toBe('jl.main.data.*.@news.*.all.>');
    expect(main.dataTo('bob')).toBe('jl.main.data.*.*.*.to.bob.>');
  });

  it.each([
    'jl.main.data.ada.conf-7.2.all.run1',
    'jl.main.data.ada.conf-7.2.all.run1.3.4',
    'jl.main.data.ada.conf-7.0.all.run1.3',
    'jl.main.data.ada.conf-7.02.all.run1.3',
    'jl.main.data.ada.conf-7.two.all.run1.3',
    'jl.main.data.ada.conf 7.2.all.run1.3',
    'jl.main.data.ada.conf-7.2.down.run1.3',
    'jl.main.data.ada.conf-7.2.to.bob.run2.7.run1',
    'jl.main.data.ada.conf-7.2.to.b b.run2.7.run1.3',
    'jl.main.data.ada.conf-7.2.all.RUN.3',
    'jl.main.data.ada.conf-7.2.all.run1.x',
    'jl.main.fd.ada.conf-7.2.all.run1.3',
    'other.main.data.ada.conf-7.2.all.run1.3',
  ])('%s is none', (subject) => {
    expect(parseDataSubject(subject)).toBeNull();
  });

  it.each(['', '*', '>', 'a.b', 'a b', '@', 'conf-7.2'])('[E9] has no token %j', (name) => {
    expect(() => main.data(said({ session: name as SessionAddress }))).toThrow('is not a name');
    expect(() => main.data(said({ from: `${name}/run1/3` as SocketId }))).toThrow('is not a name');
    expect(() => main.dataOf(name as SessionAddress, 'all')).toThrow('is not a name');
    expect(() => main.dataTo(name)).toThrow('is not a name');
  });
});

describe('a message of session data', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 2_000 }),
        fc.nat({ max: 0xffff_ffff }),
        fc.nat({ max: Number.MAX_SAFE_INTEGER }),
        (bytes, sequence, asOf) => {
          const datum = said({ bytes, sequence, asOf });
          expect(received(datum)).toEqual(datum);
        },
      ),
    );
  });

  it('can be the last', () => {
    const last = said({ kind: 'end', bytes: new Uint8Array() });
    expect(received(last)).toEqual(last);
  });

  it('[H11] of another version, kind or length is none', () => {
    const subject = main.data(said());
    const changed = (at: number, to: number) => {
      const frame = encodeDatum(said());
      frame[at] = to;
      return frame;
    };
    const amiss = [
      new Uint8Array(15),
      changed(0, 2),
      changed(1, 2),
      changed(1, 1),
      changed(2, 1),
      changed(8, 255),
      encodeDatum(said({ bytes: new Uint8Array(messageBytesMax + 1) })),
      new TextEncoder().encode('{"v":1,"ok":true,"session":"conf-7"}'),
    ];
    for (const frame of amiss) expect(decodeDatum(subject, frame)).toBeNull();
  });

  it('[H11] whatever comes is read or refused, and never thrown at', () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 64 }), (subject, frame) => {
        expect(decodeDatum(subject, frame)).toBeNull();
        const datum = decodeDatum(main.data(said()), frame);
        if (datum !== null) expect(encodeDatum(datum)).toEqual(frame);
      }),
    );
  });
});
