import { describe, expect, it } from '@jest/globals';
import type { ConditionFunction } from './condition.js';
import { CF_ACCEPT, CF_DEFER, CF_REJECT, INVALID_SOCKET } from './numbers/calls.js';
import { FD_ACCEPT, FD_ALL_EVENTS, FD_CONNECT } from './numbers/network-events.js';
import { AF_NODE, AF_SESSION } from './numbers/sockets.js';
import { bytes, calm, must, Program } from './program.js';
import { newErrno, type QOS } from './structures.js';
import { Town } from './town.js';

const conf = 'conf-7';

/** A root that listens, and leaves that have asked; nothing of ada's blocks. */
const scene = async (asking = 1) => {
  const town = new Town();
  const ada = new Program(town.table('ada'));
  const root = await ada.listeningRoot(conf);
  ada.register(root);
  const programs = ['bob', 'carol', 'dan'].map((name) => new Program(town.table(name)));
  const leaves: { readonly program: Program; readonly s: number }[] = [];
  for (const program of programs.slice(0, asking)) {
    const s = program.socket();
    program.register(s, FD_ALL_EVENTS);
    must(await program.join(s, conf));
    leaves.push({ program, s });
  }
  await calm();
  return { town, ada, root, leaves };
};

const flow: QOS = {
  SendingFlowspec: spec(1_000),
  ReceivingFlowspec: spec(64_000),
  ProviderSpecific: bytes(7, 0, 255),
};

function spec(TokenRate: number) {
  return {
    TokenRate,
    TokenBucketSize: 0xffff_ffff,
    PeakBandwidth: 0xffff_ffff,
    Latency: 0xffff_ffff,
    DelayVariation: 0xffff_ffff,
    ServiceType: 3,
    MaxSduSize: 0xffff_ffff,
    MinimumPolicedSize: 0xffff_ffff,
  };
}

describe('accept', () => {
  it('[R80] [R25] [R81] takes the oldest request, and asks its condition function once', async () => {
    const { town, ada, root, leaves } = await scene(2);
    const seen: string[] = [];
    const condition: ConditionFunction = (caller) => {
      seen.push(caller.buf.sa_data);
      return CF_ACCEPT;
    };
    must(await ada.accept(root, condition));
    expect(seen).toEqual([expect.stringMatching(/^bob:/)]);
    await calm();
    expect(leaves.map(({ program, s }) => program.enumerate(s).mask & FD_CONNECT)).toEqual([
      FD_CONNECT,
      0,
    ]);
    expect(town.session(conf)).toMatchObject({ phase: 'open' });
  });

  it('[R82] [R85] with any other answer leaves the request, with CF_REJECT does not', async () => {
    const { ada, root } = await scene();
    const answers: unknown[] = [7, -1, 0.5, '0', null, undefined, true, Promise.resolve(0)];
    for (const answer of answers) {
      expect(await ada.accept(root, () => answer as number)).toEqual({
        value: INVALID_SOCKET,
        error: 'WSAEINVAL R85',
      });
    }
    const rejected = Promise.reject(new Error('late'));
    expect(await ada.accept(root, () => rejected as never)).toMatchObject({
      error: 'WSAEINVAL R85',
    });
    expect(await ada.accept(root, () => CF_REJECT)).toMatchObject({ error: 'WSAECONNREFUSED R82' });
    expect(await ada.accept(root)).toMatchObject({ error: 'WSAEWOULDBLOCK R86' });
  });

  it('[R85] lets a condition function throw, and the request waits on', async () => {
    const { town, ada, root } = await scene();
    const answer = await ada.accept(root, () => {
      throw new Error('of its own');
    });
    expect(answer).toMatchObject({ error: 'WSAEINVAL R85' });
    expect(town.provider('ada').counters.read().callbackErrors).toBe(1);
    must(await ada.accept(root));
  });

  it('[R83] [R84] [R91] [E21] with CF_DEFER leaves the request in front, and announces nobody', async () => {
    const { ada, root } = await scene(2);
    expect(ada.enumerate(root).mask).toBe(FD_ACCEPT);
    expect(await ada.accept(root, () => CF_DEFER)).toMatchObject({ error: 'WSATRY_AGAIN R83' });
    await calm();
    expect(ada.enumerate(root).mask).toBe(0);
    must(await ada.accept(root));
    expect(ada.enumerate(root).mask & FD_ACCEPT).toBe(FD_ACCEPT);
  });

  it('[R86] [R88] needs a socket that listens', async () => {
    const { ada, root } = await scene();
    const link = must(await ada.accept(root));
    expect(await ada.accept(link)).toMatchObject({ error: 'WSAEINVAL R88' });
    expect(await ada.accept(ada.socket())).toMatchObject({ error: 'WSAEINVAL R86' });
    expect(await ada.accept(ada.socket('mp-conference', 0))).toMatchObject({
      error: 'WSAEINVAL R86',
    });
    expect(await ada.accept(4_711)).toMatchObject({ error: 'WSAENOTSOCK E13' });
  });

  it('[R86] [R9] waits for somebody on a socket that blocks, each accept for another one', async () => {
    const town = new Town();
    const [ada, other] = [new Program(town.table('ada')), new Program(town.table('ada'))];
    const bob = new Program(town.table('bob'));
    const root = await ada.listeningRoot(conf);
    const accepting = [ada.accept(root), other.accept(root)];
    const joins = [bob.join(bob.socket(), conf), bob.join(bob.socket(), conf)];
    const links = (await Promise.all(accepting)).map(must);
    expect(new Set(links).size).toBe(2);
    (await Promise.all(joins)).map(must);
  });

  it('[R140] [R148] [R150] is ended by a close of its socket or a cancel, which does the socket no harm', async () => {
    const town = new Town();
    const [ada, other] = [new Program(town.table('ada')), new Program(town.table('ada'))];
    const bob = new Program(town.table('bob'));
    const root = await ada.listeningRoot(conf);
    const cancelled = ada.accept(root);
    expect(other.cancel()).toMatchObject({ error: 'WSAEINVAL R148' });
    must(ada.cancel());
    expect(await cancelled).toEqual({ value: INVALID_SOCKET, error: 'WSAEINTR E4' });
    const joining = bob.join(bob.socket(), conf);
    must(await ada.accept(root));
    must(await joining);
    const closed = ada.accept(root);
    must(await other.close(root));
    expect(await closed).toEqual({ value: INVALID_SOCKET, error: 'WSAEINTR R140' });
    // Also where the session has nothing to be told.
    const listener = await ada.listener('ada:1');
    const unheard = ada.accept(listener);
    must(await other.close(listener));
    expect(await unheard).toEqual({ value: INVALID_SOCKET, error: 'WSAEINTR R140' });
  });

  it('[R148] cancels the latest of the calls that wait', async () => {
    const ada = new Program(new Town().table('ada'));
    const [first, second] = [await ada.listeningRoot('one'), await ada.listeningRoot('two')];
    const waiting = [ada.accept(first), ada.accept(second)];
    must(ada.cancel());
    expect(await waiting[1]).toMatchObject({ error: 'WSAEINTR E4' });
    must(ada.cancel());
    expect(await waiting[0]).toMatchObject({ error: 'WSAEINTR E4' });
    expect(ada.cancel()).toMatchObject({ error: 'WSAEINVAL R148' });
  });

  it('[R10] [E12] answers WSAEMFILE when the table is full, asks nobody, and the request waits on', async () => {
    const town = new Town();
    const ada = new Program(town.table('ada', 2));
    const bob = new Program(town.table('bob'));
    const root = await ada.listeningRoot(conf);
    const spare = ada.socket();
    const joining = bob.join(bob.socket(), conf);
    await calm();
    const condition = () => {
      throw new Error('is not asked');
    };
    expect(await ada.accept(root, condition)).toMatchObject({ error: 'WSAEMFILE R10' });
    must(await ada.close(spare));
    must(await ada.accept(root));
    must(await joining);
  });
});

describe('a condition function', () => {
  it('[R89] [R92] [R100] sees the caller, what it sent and what it wants, and the value of its program', async () => {
    const town = new Town();
    const [asker, taker] = [new Program(town.table('bob')), new Program(town.table('ada'))];
    const session = 'other';
    const listening = await taker.listeningRoot(session);
    const s = asker.socket();
    const joining = asker.join(s, session, { callerData: bytes(0, 255, 13), qos: flow });
    const seen: unknown[][] = [];
    const context = { mine: true };
    const error = newErrno();
    const condition: ConditionFunction = (...args) => {
      seen.push(structuredClone(args.slice(0, 5)), args.slice(5));
      return CF_ACCEPT;
    };
    await calm();
    await taker.ws.WSPAccept(listening, null, null, condition, context, error);
    expect(error.number).toBe(0);
    must(await joining);
    const name = { sa_family: 0, sa_data: '' };
    asker.ws.WSPGetSockName(s, name, { value: 64 }, error);
    expect(seen[0]).toEqual([
      { len: 2 + name.sa_data.length, buf: { sa_family: AF_NODE, sa_data: name.sa_data } },
      bytes(0, 255, 13),
      flow,
      null,
      { len: 2 + session.length, buf: { sa_family: AF_SESSION, sa_data: session } },
    ]);
    expect(seen[1]?.[0]).toMatchObject({ len: 4_096 });
    expect(seen[1]?.slice(1)).toEqual([0, context]);
  });

  it('[R89] [R93] sees null where there is nothing, and at an invited leaf the session that invites', async () => {
    const town = new Town();
    const [ada, bob] = [new Program(town.table('ada')), new Program(town.table('bob'))];
    const root = await ada.root(conf);
    const listener = await bob.listener('bob:7');
    const joining = ada.join(root, 'bob:7');
    const seen: unknown[] = [];
    const condition: ConditionFunction = (...args) => {
      seen.push(...args.slice(0, 5));
      return CF_ACCEPT;
    };
    must(await bob.accept(listener, condition));
    must(await joining);
    expect(seen).toEqual([
      { len: 8, buf: { sa_family: AF_SESSION, sa_data: conf } },
      null,
      null,
      null,
      { len: 7, buf: { sa_family: AF_NODE, sa_data: 'bob:7' } },
    ]);
  });

  it.each<[string, (callee: { len: number; buf: Uint8Array | null }) => void]>([
    ['a length beyond it', (callee) => (callee.len = 4_097)],
    [
      'a larger buffer',
      (callee) => {
        callee.buf = new Uint8Array(5_000);
        callee.len = 4_097;
      },
    ],
    ['a length that is none', (callee) => (callee.len = -1)],
    ['half a byte', (callee) => (callee.len = 0.5)],
    [
      'more than is there',
      (callee) => {
        callee.buf = new Uint8Array(3);
        callee.len = 4;
      },
    ],
    [
      'a buffer that is none',
      (callee) => {
        callee.buf = 'text' as never;
        callee.len = 4;
      },
    ],
  ])(
    '[R94] [A13] that exceeds its room with %s is WSAEFAULT, and the request waits on',
    async (_, write) => {
      const { ada, root, leaves } = await scene();
      const answer = await ada.accept(root, (...args) => {
        write(args[5]);
        return CF_ACCEPT;
      });
      expect(answer).toMatchObject({ error: 'WSAEFAULT A13' });
      await calm();
      expect(leaves[0]?.program.enumerate(leaves[0].s).mask).toBe(0);
      must(await ada.accept(root));
    },
  );

  it('[R94] [R98] has no room where the entry carries no data', async () => {
    const town = new Town();
    const [ada, bob] = [new Program(town.table('ada')), new Program(town.table('bob'))];
    const root = await ada.root(conf, { entry: 'mp-plain' });
    must(await ada.listen(root));
    const joining = bob.join(bob.socket('mp-plain'), conf);
    await calm();
    const answer = await ada.accept(root, (...args) => {
      args[5].buf = Uint8Array.of(1);
      args[5].len = 1;
      return CF_ACCEPT;
    });
    expect(answer).toMatchObject({ error: 'WSAEFAULT A13' });
    let capacity = -1;
    must(
      await ada.accept(root, (...args) => {
        capacity = args[5].len;
        return CF_ACCEPT;
      }),
    );
    expect(capacity).toBe(0);
    must(await joining);
  });

  it('[E5] [A6] makes every call of its table WSAEINPROGRESS, and of no other', async () => {
    const { town, ada, root } = await scene();
    const other = new Program(town.table('ada'));
    const bystander = ada.socket();
    const later: Promise<unknown>[] = [];
    const errors: (string | null)[] = [];
    const note = (answer: Promise<{ readonly error: string | null }>) => {
      later.push(answer.then(({ error }) => errors.push(error)));
    };
    let others = '';
    must(
      await ada.accept(root, () => {
        note(ada.bind(bystander, 'ada:5'));
        note(ada.listen(root));
        note(ada.join(bystander, conf));
        note(ada.accept(root));
        note(ada.close(bystander));
        errors.push(ada.enumerate(root).error, ada.register(bystander).error);
        // Nothing waits that could be cancelled; and what is no socket is none first of all.
        others = `${String(ada.cancel().error)}, ${String(ada.enumerate(99).error)}`;
        expect(other.enumerate(bystander).error).toBeNull();
        return CF_ACCEPT;
      }),
    );
    await Promise.all(later);
    expect(errors).toEqual(new Array(7).fill('WSAEINPROGRESS E5'));
    expect(others).toBe('WSAEINVAL R148, WSAENOTSOCK E13');
    must(await ada.bind(bystander, 'ada:5'));
  });
});

describe('the address that accept tells', () => {
  const accept = async (
    ada: Program,
    root: number,
    [addr, addrlen]: readonly [unknown, unknown],
  ) => {
    const error = newErrno();
    const condition = () => CF_REJECT;
    await ada.ws.WSPAccept(root, addr as never, addrlen as never, condition, 0, error);
    return `${String(error.name)} ${String(error.rule)}`;
  };

  it('[R90] [A20] is the caller whatever the condition function decides', async () => {
    const { ada, root } = await scene();
    const [addr, addrlen] = [{ sa_family: 0, sa_data: '' }, { value: 64 }];
    expect(await accept(ada, root, [addr, addrlen])).toBe('WSAECONNREFUSED R82');
    expect(addr).toEqual({ sa_family: AF_NODE, sa_data: expect.stringMatching(/^bob:\d+$/) });
    expect(addrlen.value).toBe(2 + addr.sa_data.length);
  });

  it('[R90] [E9] without room is WSAEFAULT, and the request waits on', async () => {
    const { ada, root } = await scene();
    const addr = { sa_family: 0, sa_data: '' };
    for (const addrlen of [{ value: 0 }, { value: 4 }, { value: 1.5 }, null, 64, { value: '64' }]) {
      expect(await accept(ada, root, [addr, addrlen])).toBe('WSAEFAULT E9');
    }
    expect(await accept(ada, root, ['text', { value: 64 }])).toBe('WSAEFAULT E9');
    expect(await accept(ada, root, [Object.freeze({ ...addr }), { value: 64 }])).toBe(
      'WSAEFAULT E9',
    );
    must(await ada.accept(root));
    // What does not listen says so first.
    expect(await accept(ada, ada.socket(), [addr, { value: 0 }])).toBe('WSAEINVAL R86');
  });
});
