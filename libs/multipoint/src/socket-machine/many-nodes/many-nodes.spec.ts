import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Life, type Script } from './life.js';
import { policies, verbs, type Act } from './script.js';

// Programs on several nodes, and the real arbiter between them: whatever they call, and in whatever order
// everything arrives, they see what the reference expects. A failure prints its seed, and comes back with
// JOINLEAF_SEED=<seed>; JOINLEAF_RUNS=<number> plays more lives.
const { JOINLEAF_RUNS } = process.env;
const runs = JOINLEAF_RUNS === undefined ? 3_000 : Number(JOINLEAF_RUNS);

// What leads somewhere comes more often than what only disturbs.
const often = ['the arbiter decides', 'an answer comes', 'news comes', 'join', 'accept'];
const sometimes = ['send', 'receive', 'enumerate', 'all arrives', 'all arrives'];
const act = fc.record<Act>({
  verb: fc.constantFrom(...verbs, ...often, ...often, ...often, ...sometimes),
  node: fc.nat(2),
  a: fc.nat(15),
  b: fc.nat(15),
});
const life = fc.noBias(
  fc.record<Script>({
    policy: fc.nat(policies.length - 1),
    room: fc.constantFrom(12, 12, 4),
    isWatched: fc.boolean(),
    isRooted: fc.boolean(),
    acts: fc.array(act, { maxLength: 90, size: 'max' }),
  }),
);

describe('programs on several nodes', () => {
  it('[R25] [R49] [R54] [R125] [R126] [R127] [R129] [R154] [R157] see what Winsock promises, in whatever order everything arrives', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(life, (script) => {
        for (const what of Life.of(script).reference.met) met.add(what);
      }),
      { numRuns: runs },
    );
    if (runs >= 1_000) expect([...met].sort()).toEqual(expect.arrayContaining(mustBeMet));
  }, 600_000);
});

// That the script reaches what the reference speaks of.
const mustBeMet = [
  ...['AcceptJoin WSAEACCES', 'InviteLeaf WSAEALREADY', 'LoseNode', 'FD_ACCEPT', 'FD_READ'],
  ...['FD_CONNECT ok', 'FD_CONNECT WSAECONNREFUSED', 'FD_CONNECT WSAETIMEDOUT', 'FD_CLOSE ok'],
  ...['FD_CLOSE WSAECONNABORTED', 'LINKED', 'WITHDRAWN', 'join succeeds', 'join E16', 'join E8'],
  ...['join R132', 'join R140', 'join R145', 'join R146', 'join R35', 'join R50'],
  ...['join WSAEALREADY', 'join WSAEISCONN', 'join WSAEMFILE', 'accept ok', 'accept WSAEACCES'],
  ...['create WSAEMFILE', 'enumerate ok', 'shutdown ok', 'send ok', 'send WSAESHUTDOWN'],
  ...['send WSAEOPNOTSUPP', 'receive ok', 'receive WSAEDISCON'],
];

// Lives that failed once, here or with a mistake made on purpose, as small as they could be made; and some
// that are seldom drawn.
describe('a life', () => {
  const root = { entry: 'mp-conference', flags: ['c_root', 'd_leaf'] } as const;
  const ends = (one: Life) => one.probe().agrees().probe().readsAll().closesAll();
  const join = (socket: number, name: string) =>
    ({ verb: 'join', socket, name, deadlineMs: null }) as const;
  const shutdown = (socket: number) => ({ verb: 'shutdown', socket, how: 'both' }) as const;
  const close = (socket: number) => ({ verb: 'close', socket }) as const;

  it('[R139] withdraws a request once, though its root shuts down afterwards', () => {
    const one = new Life().does('cy', join(1, 'conf-7')).arrives();
    one.world.tick(40_000);
    ends(one.arrives().does('ada', shutdown(1)));
  });

  it('[R34] lets an accepted socket outlive its listener', () => {
    const one = new Life().does('ada', join(1, 'bob:1')).arrives();
    one.does('bob', { verb: 'accept', socket: 1 }).does('bob', close(1)).arrives();
    ends(one.does('bob', { verb: 'send', socket: 2, length: 8, chat: false }));
  });

  it('[R157] tells a new root nothing of the session that was there before', () => {
    const one = new Life({ policy: { admit: 'auto' } }).does('cy', join(1, 'conf-7')).arrives();
    one
      .does('ada', close(1))
      .asks('ada')
      .does('bob', { verb: 'create', ...root });
    one.does('bob', { verb: 'bind', socket: 2, address: 'conf-7' });
    one.does('cy', { verb: 'send', socket: 1, length: 8, chat: false });
    one.does('cy', { verb: 'send', socket: 1, length: 8, chat: false });
    ends(one.getsMessage('bob').arrives());
  });

  it('[R132] ends a join that a shutdown cancels, whichever answer comes first', () => {
    const one = new Life().does('ada', join(1, 'bob:1')).arrives();
    one.does('bob', { verb: 'reject', socket: 1 }).asks('bob').does('ada', join(1, 'bob:1'));
    one.asks('ada').does('ada', shutdown(1)).asks('ada').isAnswered('ada', 1);
    ends(one.isAnswered('ada'));
  });

  it('[R122] announces the next request only after accept', () => {
    const one = new Life({ isWatched: true }).does('cy', join(1, 'conf-7')).arrives();
    one.does('ada', { verb: 'enumerate', socket: 1 });
    one.does('bob', { verb: 'create', entry: 'mp-conference', flags: ['c_leaf', 'd_leaf'] });
    ends(one.does('bob', join(2, 'conf-7')).arrives());
  });

  it('[R23] refuses who meets a full backlog', () => {
    const one = new Life().does('ada', join(1, 'bob:1')).arrives().does('cy', join(2, 'bob:1'));
    ends(one.arrives());
  });

  // Ada's program is started again, and takes its session back.
  const adaIsBack = (one: Life, isRooted: boolean): Life => {
    const made = isRooted ? ({ entry: 'mp-rooted', flags: ['c_root', 'd_root'] } as const) : root;
    one.does('ada', { verb: 'create', ...made });
    return one.keeps('ada', 1, { address: 'conf-7' });
  };

  it.each([false, true])(
    '[H20] [H23] gives a root that is started again its members back, rooted data: %s',
    (isRooted) => {
      const one = new Life({ policy: { rootLoss: 'linger', admit: 'auto' }, isRooted });
      one.does('cy', join(1, 'conf-7')).arrives();
      one.world.restart(one.world.node('ada'));
      adaIsBack(one.arrives(), isRooted).arrives();
      for (const chat of [false, true]) {
        one.does('cy', { verb: 'send', socket: 1, length: 8, chat });
        one.does('ada', { verb: 'send', socket: chat ? 2 : 1, length: 8, chat });
      }
      expect([...one.reference.met]).toEqual(
        expect.arrayContaining(['ROOT_LOST', 'ROOT_REPLACED']),
      );
      ends(one.arrives());
    },
  );

  it('[H19] [H20] lets a request wait for the next root, which answers it', () => {
    const one = new Life({ policy: { rootLoss: 'linger' } })
      .does('cy', join(1, 'conf-7'))
      .arrives();
    one.world.restart(one.world.node('ada'));
    adaIsBack(one.arrives(), false).arrives();
    ends(one.does('ada', { verb: 'accept', socket: 1 }).arrives());
  });

  it('[H20] says nothing of a waiting request to the next root until it listens', () => {
    const one = new Life({ policy: { rootLoss: 'linger' } })
      .does('cy', join(1, 'conf-7'))
      .arrives();
    one.world.declareLost(one.world.node('ada'));
    one.arrives().does('bob', { verb: 'create', ...root });
    one.does('bob', { verb: 'bind', socket: 2, address: 'conf-7' }).agrees();
    ends(one.does('bob', { verb: 'listen', socket: 2, backlog: 2 }).arrives());
  });

  it('[H23] [A26] tells an accepted socket of its root before its accept is answered', () => {
    const one = new Life({ policy: { rootLoss: 'linger' } })
      .does('ada', join(1, 'bob:1'))
      .arrives();
    one.does('bob', { verb: 'accept', socket: 1 }).asks('bob');
    one.world.restart(one.world.node('ada'));
    one.isTold('bob');
    adaIsBack(one, false).asks('ada').isTold('bob').isAnswered('bob').arrives();
    ends(one.does('bob', { verb: 'send', socket: 2, length: 8, chat: true }));
  });

  it('[R153] takes what a leaf sends to the root alone, where the data has a root', () => {
    const one = new Life({ isRooted: true, policy: { admit: 'auto' } }).does(
      'cy',
      join(1, 'conf-7'),
    );
    one.does('bob', { verb: 'create', entry: 'mp-conference', flags: ['c_leaf', 'd_leaf'] });
    one.does('bob', join(2, 'conf-7')).arrives();
    one.does('cy', { verb: 'send', socket: 1, length: 8, chat: false });
    ends(one.does('ada', { verb: 'send', socket: 1, length: 8, chat: false }));
  });

  it('[R128] leaves to be read what came before the end', () => {
    const one = new Life().does('ada', join(1, 'bob:1')).arrives();
    one.does('bob', { verb: 'accept', socket: 1 }).arrives();
    one.does('ada', { verb: 'send', socket: 1, length: 8, chat: false });
    ends(one.does('ada', { verb: 'send', socket: 2, length: 8, chat: true }).does('ada', close(1)));
  });

  it('[H5] lets a request wait on that the session had no room for', () => {
    const one = new Life({ policy: { capacity: 1 } }).does('cy', join(1, 'conf-7'));
    one.does('bob', { verb: 'create', entry: 'mp-conference', flags: ['c_leaf', 'd_leaf'] });
    one.does('bob', join(2, 'conf-7')).arrives();
    one
      .does('ada', { verb: 'accept', socket: 1 })
      .arrives()
      .does('ada', { verb: 'accept', socket: 1 });
    ends(one.arrives().does('ada', { verb: 'accept', socket: 1 }));
  });

  it('[R127] tells both ends of a member that was replaced', () => {
    const one = new Life({ policy: { identity: { kind: 'replace-old' } } });
    one
      .does('ada', join(1, 'bob:1'))
      .arrives()
      .does('bob', { verb: 'accept', socket: 1 })
      .arrives();
    one.does('ada', join(1, 'bob:1')).arrives().does('bob', { verb: 'accept', socket: 1 });
    ends(one.arrives());
  });

  it('[R10] keeps a request that the table has no room for', () => {
    const one = new Life({ room: 1 }).does('cy', join(1, 'conf-7')).arrives();
    ends(one.does('ada', { verb: 'accept', socket: 1 }));
  });

  it('[R43] lets a socket that is in without being asked for wait for room, until it is told', () => {
    const one = new Life({ policy: { admit: 'auto' } }).does('cy', join(1, 'conf-7')).asks('cy');
    one.isAnswered('cy').probe();
    ends(one.isTold('cy').does('cy', { verb: 'send', socket: 1, length: 8, chat: false }));
  });

  it('[R127] tells the sockets of a lost run of its end with a code of the texts', () => {
    const one = new Life({ policy: { admit: 'auto' } }).does('cy', join(1, 'conf-7')).arrives();
    one.world.declareLost(one.world.node('cy'));
    ends(one);
  });
});
