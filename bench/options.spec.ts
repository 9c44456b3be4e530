import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { Bench } from './bench.js';
import { Misunderstood, parse, type Wish } from './options.js';

const bench = (more: Partial<Bench> & { readonly name: string }): Bench => ({
  summary: 'measures',
  rounds: 3,
  options: ['seconds', 'only', 'at-once', 'large', 'no-notifier', 'durability', 'profile'],
  choices: [],
  measure: () => Promise.reject(new Error('nothing is measured here')),
  ...more,
});

const benches: readonly Bench[] = [
  bench({
    name: 'join',
    choices: [
      { id: 'echo', title: 'the floor' },
      { id: 'auto-one', title: 'a join' },
      { id: 'handshake', title: 'two parties', needs: 'notifier' },
      { id: 'crowd', title: 'many', needs: 'large' },
    ],
  }),
  bench({ name: 'replay', choices: [{ id: 'read', title: 'reading' }], options: ['only'] }),
  bench({ name: 'liveness', options: [] }),
  bench({ name: 'peers', onlyByName: true, choices: [{ id: 'redis', title: 'Redis' }] }),
];

const folder = mkdtempSync(join(tmpdir(), 'bench-options-'));
const file = join(folder, 'there.cpuprofile');
writeFileSync(file, '');
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const wish = (...argv: readonly string[]): Wish => {
  const parsed = parse(argv, benches);
  if (typeof parsed === 'string') throw new Error(`understood as ${parsed}`);
  return parsed;
};
const chosen = (...argv: readonly string[]) =>
  wish(...argv).benches.map(({ bench: { name }, chosen: ids }) => [name, ...ids].join(' '));

describe('what a bench is asked for', () => {
  it('is everything but what has to be named', () => {
    expect(chosen()).toEqual(['join echo auto-one handshake', 'replay read', 'liveness']);
    expect(wish()).toMatchObject({ rounds: null, seconds: 1, atOnce: [1, 64], sync: '2m' });
  });

  it('is what was named, in the order of the table', () => {
    expect(chosen('peers', 'join')).toEqual(['join echo auto-one handshake', 'peers redis']);
  });

  it('has rows that need an option, and rows that do without', () => {
    expect(chosen('join', '--large')).toEqual(['join echo auto-one handshake crowd']);
    expect(chosen('join', '--no-notifier')).toEqual(['join echo auto-one']);
  });

  it('is kept to the rows whose id has a text, and to the benches that have such a row', () => {
    expect(chosen('--only', 'auto,hand')).toEqual(['join auto-one handshake']);
    expect(chosen('--only', 'e')).toEqual(['join echo auto-one handshake', 'replay read']);
  });

  it('says how to ask for it again, wherever it was written to', () => {
    const { benches: asked } = wish('--rounds', '2', '--large', '--json', join(folder, 'x'));
    expect(asked.map(({ command }) => command)).toEqual([
      'npm run bench -- join --rounds 2 --large',
      'npm run bench -- replay --rounds 2',
      'npm run bench -- liveness --rounds 2',
    ]);
  });

  it('may be help, or the list', () => {
    expect(parse(['-h'], benches)).toBe('help');
    expect(parse(['--list'], benches)).toBe('list');
  });
});

describe('what cannot be understood names the option and what is allowed', () => {
  it.each([
    ['--rounds 0', '--rounds 0: it is a whole number from 1 to 1000.'],
    ['--rounds 1.5', '--rounds 1.5: it is a whole'],
    ['--rounds', '--rounds wants a value behind it.'],
    ['--at-once x', '--at-once x: it is whole numbers from 1 to 1000, such as 1,64.'],
    ['--at-once 1,,2', '--at-once 1,,2: it is'],
    ['--seconds -1', '--seconds -1: it is a number above 0'],
    ['--seconds 0', '--seconds 0: it is a number above 0'],
    ['--seconds 0x10', '--seconds 0x10: it is a number above 0'],
    ['--durability 3m', '--durability 3m: it is 2m or always.'],
    ['--large=5', '--large takes no value, and "5" was given.'],
    ['--speed 9', 'There is no option --speed; there are --durability, --rounds'],
    ['-x', 'There is no option -x;'],
    ['jion', 'There is no bench "jion"; there are join, replay, liveness, peers.'],
    ['join --json /no/such/file', '--json /no/such/file: there is no folder /no/such.'],
    [`join --json ${folder}`, 'that is a folder, and one bench writes a file.'],
    [`--json ${file}`, 'that is a file, and several benches write into a folder.'],
    [`join --profile ${file}`, 'that is no folder.'],
    [`join --profile ${folder}`, 'profiles of another run are there already.'],
    ['liveness --large', '--large means nothing to liveness; it is for join, peers.'],
    ['liveness --only x', '--only means nothing to liveness; it is for join, replay, peers.'],
  ])('%s', (line, sentence) => {
    expect(() => wish(...line.split(' '))).toThrow(sentence);
    expect(() => wish(...line.split(' '))).toThrow(Misunderstood);
  });

  it.each([
    ['join --only zzz', 'join has no "zzz"; it has echo, auto-one, handshake.'],
    ['join --only auto,zzz', 'join has no "zzz"'],
    ['join --only ,', 'join has no ""'],
    ['join --only crowd', 'join has no "crowd"'],
    ['join --only hand --no-notifier', 'join has no "hand"; it has echo, auto-one.'],
    ['join replay --only auto', 'replay has no "auto"; it has read.'],
    ['join liveness --only auto', 'liveness is measured as a whole.'],
    ['--only redis', 'no bench has a row called "redis"; --list names them.'],
  ])('rows that there are not: %s', (line, sentence) => {
    expect(() => wish(...line.split(' '))).toThrow(sentence);
  });
});
