import { describe, expect, it } from '@jest/globals';
import type { SessionAddress } from '@joinleaf/multipoint';
import fc from 'fast-check';
import {
  BadName,
  inboxPrefixOf,
  nodeVerbs,
  parseCommandSubject,
  parseNodeSubject,
  partitionCount,
  partitionOf,
  sessionIn,
  Subjects,
  verbs,
} from './subjects.js';

const main = new Subjects('main');
const conf = 'conf-7' as SessionAddress;

/** What the broker would take for something else, or store without complaint. */
const hostile = [
  ...['', ' ', '*', '>', '.', 'a.b', '.a', 'a.', 'a*', 'a>', 'a b', 'a\tb', 'a\nb', 'a\r\nPUB x 1'],
  ...['a\0b', 'é', 'ａda', '🙂', '$SYS', '$JS.API', '_INBOX.x', 'a/b', 'a:1', '@', '@@a', '%2a'],
  ...['a'.repeat(65), 'a'.repeat(5_000)],
];

describe('a subject', () => {
  it('is made of the names it is about', () => {
    expect(main.command('ada', conf, 'join')).toBe('jl.main.cmd.ada.59.conf-7.join');
    expect(main.command('ada', '@news' as SessionAddress, 'close')).toBe(
      'jl.main.cmd.ada.04.@news.close',
    );
    expect(main.node('ada', 'beat')).toBe('jl.main.node.ada.beat');
    expect(main.events(conf)).toBe('jl.main.evt.59.conf-7');
    expect(main.decisions(conf)).toBe('jl.main.dec.59.conf-7');
    expect(main.notifications('ada')).toBe('jl.main.fd.ada');
    expect(main.nodeRecords('ada')).toBe('jl.main.nodes.ada');
    expect(main.parked('JL_EVENTS_main_0', 7)).toBe('jl.main.parked.JL_EVENTS_main_0.7');
    expect(inboxPrefixOf('ada')).toBe('_INBOX.ada');
  });

  it('has wildcards only where we put them', () => {
    expect(main.commands()).toBe('jl.main.cmd.*.*.>');
    expect(main.commands('07')).toBe('jl.main.cmd.*.07.>');
    expect(main.nodes('start')).toBe('jl.main.node.*.start');
    expect(main.allEvents()).toBe('jl.main.evt.*.*');
    expect(main.allDecisions()).toBe('jl.main.dec.*.*');
    expect(main.allNotifications()).toBe('jl.main.fd.*');
    expect(main.allNodeRecords()).toBe('jl.main.nodes.*');
    expect(main.allParked()).toBe('jl.main.parked.*.*');
  });

  it('names the streams of its realm', () => {
    expect(new Subjects('test-1').streams).toEqual({
      events: 'JL_EVENTS_test-1_0',
      decisions: 'JL_DECISIONS_test-1',
      notifications: 'JL_NOTIFICATIONS_test-1',
      nodes: 'JL_NODES_test-1',
      parked: 'JL_PARKED_test-1',
    });
  });

  it.each(hostile)('[E9] has no token %j', (name) => {
    const address = name as SessionAddress;
    const builders = [
      () => new Subjects(name),
      () => main.command(name, conf, 'join'),
      () => main.command('ada', address, 'join'),
      () => main.command('ada', `@${name}` as SessionAddress, 'join'),
      () => main.node(name, 'beat'),
      () => main.events(address),
      () => main.decisions(address),
      () => main.notifications(name),
      () => main.nodeRecords(name),
      () => main.parked(name, 1),
      () => main.parked('JL_EVENTS_main_0', Number(name)),
      () => inboxPrefixOf(name),
    ];
    for (const build of builders) expect(build).toThrow(BadName);
  });

  it('[E9] says which name is none, and not what it was', () => {
    expect(() => main.command('a.b', conf, 'join')).toThrow(
      'node is not a name: 1 to 64 characters of A-Z, a-z, 0-9, _ and - (rule E9)',
    );
    expect(() => main.events('a b' as SessionAddress)).toThrow(/^session is not a name/);
  });

  it.each(['>', '', '7', '64', '007', '0*', 'a.b'])('has no partition %j', (partition) => {
    expect(() => main.commands(partition)).toThrow(BadName);
  });

  it('may have a name that means something to JavaScript alone', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'prototype']) {
      const subject = main.command(name, name as SessionAddress, 'join');
      expect(parseCommandSubject(subject)).toMatchObject({ node: name, session: name });
    }
  });
});

describe('reading a subject', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
  const session = fc
    .tuple(fc.constantFrom('', '@'), name)
    .map(([at, rest]) => `${at}${rest}` as SessionAddress);

  it('gives back what it was built from', () => {
    fc.assert(
      fc.property(name, name, session, fc.constantFrom(...verbs), (realm, node, at, verb) => {
        const subjects = new Subjects(realm);
        const partition = partitionOf(at);
        expect(parseCommandSubject(subjects.command(node, at, verb))).toEqual({
          ...{ realm, node, partition, session: at, verb },
        });
        expect(sessionIn(subjects.events(at))).toBe(at);
        expect(sessionIn(subjects.decisions(at))).toBe(at);
      }),
    );
    fc.assert(
      fc.property(name, name, fc.constantFrom(...nodeVerbs), (realm, node, verb) => {
        const subject = new Subjects(realm).node(node, verb);
        expect(parseNodeSubject(subject)).toEqual({ realm, node, verb });
      }),
    );
  });

  it.each([
    ...['', 'jl', 'jl.main.cmd.ada.59.conf-7', 'jl.main.cmd.ada.59.conf-7.join.now'],
    ...[
      'xx.main.cmd.ada.59.conf-7.join',
      'jl.main.evt.ada.59.conf-7.join',
      'jl..cmd.ada.44.a.join',
    ],
    ...[
      'jl.main.cmd.ada.58.conf-7.join',
      'jl.main.cmd.ada.5.conf-7.join',
      'jl.main.cmd..59.conf-7.join',
    ],
    ...[
      'jl.main.cmd.ada.59.conf-7.JOIN',
      'jl.main.cmd.ada.59.conf-7.',
      'jl.main.cmd.*.59.conf-7.join',
    ],
    ...['jl.main.cmd.ada.59.conf-7.constructor', 'jl.main.cmd.ada.59.conf-7.resume'],
  ])('finds no command in %j', (subject) => {
    expect(parseCommandSubject(subject)).toBeNull();
  });

  it.each([
    ...['', 'jl.main.node.ada', 'jl.main.node.ada.beat.x', 'jl.main.cmd.ada.beat'],
    ...[
      'jl.main.node.*.beat',
      'jl.main.node.ada.join',
      'jl.main.nodes.ada.beat',
      'JL.main.node.ada.beat',
    ],
  ])('finds nothing of a node in %j', (subject) => {
    expect(parseNodeSubject(subject)).toBeNull();
  });

  it.each([
    ...[
      '',
      'jl.main.evt.59',
      'jl.main.evt.59.conf-7.x',
      'jl.main.fd.59.conf-7',
      'jl.*.evt.59.conf-7',
    ],
    ...[
      'jl.main.evt.58.conf-7',
      'jl.main.evt.59.conf*',
      'xx.main.evt.59.conf-7',
      'jl.main.evt.59.',
    ],
  ])('finds no session in %j', (subject) => {
    expect(sessionIn(subject)).toBeNull();
  });
});

describe('the partition', () => {
  // docs/PROTOCOL.md lists these for programs in other languages.
  it.each([
    ['a', '44'],
    ['b', '37'],
    ['conf-7', '59'],
    ['conf-8', '02'],
    ['CONF-7', '59'],
    ['@news', '04'],
    ['__proto__', '61'],
    ['0', '47'],
    [`@${'Z'.repeat(64)}`, '31'],
  ])('of %s is %s', (address, partition) => {
    expect(partitionOf(address as SessionAddress)).toBe(partition);
  });

  it('is FNV-1a of the bytes, modulo 64, in two digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^@?[A-Za-z0-9_-]{1,64}$/), (address) => {
        let hash = 0x811c9dc5n;
        for (const byte of new TextEncoder().encode(address)) {
          hash = ((hash ^ BigInt(byte)) * 0x01000193n) % 2n ** 32n;
        }
        const partition = partitionOf(address as SessionAddress);
        expect(partition).toBe(String(hash % 64n).padStart(2, '0'));
      }),
    );
    expect(partitionCount).toBe(64);
  });

  it('spreads sessions over all partitions', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6_400; i += 1) {
      const partition = partitionOf(`conf-${String(i)}` as SessionAddress);
      counts.set(partition, (counts.get(partition) ?? 0) + 1);
    }
    expect(counts.size).toBe(64);
    expect(Math.max(...counts.values())).toBeLessThan(200);
  });
});
