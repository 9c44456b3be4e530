import { describe, expect, it } from '@jest/globals';
import { isWsaCode, WSA } from '@joinleaf/multipoint';
import fc from 'fast-check';
import { sockaddr } from './addresses.js';
import { catalog, infoOf } from './catalog.js';
import { bestEffort, qosOf } from './flow-specs.js';
import {
  CF_ACCEPT,
  CF_DEFER,
  FROM_PROTOCOL_INFO,
  INVALID_SOCKET,
  MSG_SIDE_CHAT,
  SOCKET_ERROR,
} from './numbers/calls.js';
import {
  FIONBIO,
  FIONREAD,
  SIO_GET_QOS,
  SIO_MULTICAST_SCOPE,
  SIO_SET_QOS,
  SO_LINGER,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_TYPE,
  SOL_SOCKET,
} from './numbers/settings.js';
import { bytes, calm, must, Program, room } from './program.js';
import { newErrno } from './structures.js';
import { Town } from './town.js';
import type { Winsock } from './winsock.js';
import { WSACreateEvent } from './wsa-event.js';

type Call = Exclude<keyof Winsock, 'WSACreateEvent'>;

const throws = (): never => {
  throw new Error('hostile');
};
const getter = (name: string) => () => Object.defineProperty({}, name, { get: throws });

/** What cannot be drawn beforehand, because looking at it throws. */
const traps = {
  trapped: () => new Proxy({}, { get: throws, set: throws, has: throws, ownKeys: throws }),
  revoked: () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  liar: () => ({ valueOf: throws, toString: throws, [Symbol.toPrimitive]: throws }),
  detached: () => {
    const buf = new Uint8Array(8);
    structuredClone(buf, { transfer: [buf.buffer] });
    return { len: 8, buf };
  },
  value: getter('value'),
  len: getter('len'),
  sa_data: getter('sa_data'),
  fd_array: getter('fd_array'),
  iErrorCode: getter('iErrorCode'),
  length: () => [trap('revoked'), trap('trapped')],
} as const;
type Trap = keyof typeof traps;
const trap = (name: Trap): unknown => traps[name]();

type Argument = { readonly given: unknown } | { readonly trap: Trap };
const valueOf = (argument: Argument): unknown =>
  'trap' in argument ? trap(argument.trap) : argument.given;

/** What no call expects, wherever it is put. */
const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ withBigInt: true, withTypedArray: true, withNullPrototype: true, withDate: true }),
  fc.constantFrom(
    -1,
    0,
    0.5,
    NaN,
    Infinity,
    2 ** 32,
    2 ** 53,
    -0,
    '',
    '0',
    Symbol('s'),
    7n,
    throws,
  ),
  fc.record({ len: fc.integer({ min: 0, max: 9_000 }), buf: fc.constantFrom(null, 'x') }),
  fc.record({
    sa_family: fc.integer({ min: -1, max: 300 }),
    sa_data: fc.string({ unit: 'binary' }),
  }),
  fc.constant(Object.freeze({ value: 4, len: 0, buf: null })),
);

const hostile: fc.Arbitrary<Argument> = fc.oneof(
  strange.map((given) => ({ given })),
  fc.constantFrom(...(Object.keys(traps) as Trap[])).map((name) => ({ trap: name })),
);

// What each parameter of a call could well be.
const s = fc.integer({ min: 1, max: 9 });
const any = fc.constantFrom(FROM_PROTOCOL_INFO, 0);
const name = fc.constantFrom('conf-7', '@news', 'bob:1', 'ada:9', '*:3', 'ada:any').map(sockaddr);
const length = fc.constantFrom(8, 64, 128);
const cell = fc.nat({ max: 300 }).map((value) => ({ value }));
const buffer = fc.constantFrom(null, room(40), bytes(1, 2, 3));
const buffers = fc.constantFrom([bytes(1)], [room(64), room(2)]);
const nothing = fc.constant(null);
const mask = fc.constantFrom(0, 0x3ff, 0x39);
const event = fc.constantFrom(null, WSACreateEvent());
const set = fc
  .constantFrom([1], [2, 3])
  .map((all) => ({ fd_count: all.length, fd_array: [...all] }));
const flow = fc.constantFrom(qosOf(bestEffort), null);
const option = fc.constantFrom(SO_LINGER, SO_REUSEADDR, SO_SNDBUF, SO_TYPE, 7);
const control = fc.constantFrom(FIONBIO, FIONREAD, SIO_SET_QOS, SIO_GET_QOS, SIO_MULTICAST_SCOPE);
const slots = fc
  .constant(null)
  .map(() => ({ lNetworkEvents: 0, iErrorCode: new Array(10).fill(0) }));
const condition = fc.constantFrom(
  null,
  () => CF_ACCEPT,
  () => CF_DEFER,
  throws,
);
const addr = fc.constant(null).map(() => ({ sa_family: 0, sa_data: '' }));
const small = fc.constantFrom(0, 1, 2, 4);

/** Every call but WSPCleanup, and what comes before its error cell. */
const calls: Readonly<Partial<Record<Call, readonly fc.Arbitrary<unknown>[]>>> = {
  WSPSocket: [
    any,
    any,
    any,
    fc.constantFrom(...catalog.map(infoOf), null),
    small,
    fc.constantFrom(0x14, 0x12, 0),
  ],
  WSPBind: [s, name, length],
  WSPListen: [s, small],
  WSPConnect: [s, name, length, buffer, buffer, flow, flow],
  WSPJoinLeaf: [s, name, length, buffer, buffer, flow, flow, small],
  WSPAccept: [s, fc.oneof(addr, nothing), cell, condition, small],
  WSPEventSelect: [s, event, mask],
  WSPEnumNetworkEvents: [s, event, slots],
  WSPAsyncSelect: [s, fc.constantFrom(() => undefined, throws), mask],
  WSPIoctl: [
    s,
    control,
    fc.oneof(cell, flow),
    length,
    fc.oneof(cell, nothing),
    length,
    cell,
    nothing,
    nothing,
    nothing,
  ],
  WSPSend: [s, buffers, small, cell, fc.constantFrom(0, MSG_SIDE_CHAT)],
  WSPRecv: [s, buffers, small, cell, fc.constantFrom({ value: 0 }, { value: 2 })],
  WSPShutdown: [s, small],
  WSPCloseSocket: [s],
  WSPCancelBlockingCall: [],
  WSPGetSockName: [s, addr, cell],
  WSPGetSockOpt: [s, fc.constant(SOL_SOCKET), option, cell, cell],
  WSPSetSockOpt: [
    s,
    fc.constant(SOL_SOCKET),
    option,
    fc.oneof(cell, fc.constant({ l_onoff: 1, l_linger: 1 })),
    small,
  ],
  WSPEnumProtocols: [
    nothing,
    fc.constant(null).map(() => []),
    fc.constantFrom({ value: 0 }, { value: 9_999 }),
  ],
  WSPSelect: [small, set, set, fc.oneof(set, nothing), fc.constant({ tv_sec: 0, tv_usec: 10 })],
};

const given = (plausible: fc.Arbitrary<unknown>): fc.Arbitrary<Argument> =>
  fc.oneof(
    { weight: 6, arbitrary: plausible.map((value) => ({ given: value })) },
    { weight: 1, arbitrary: hostile },
  );

const hostileCall = fc.constantFrom(...(Object.keys(calls) as Call[])).chain((call) =>
  fc.record({
    call: fc.constant(call),
    args: fc.tuple(...(calls[call] ?? []).map(given)),
    cell: fc.option(hostile, { freq: 6, nil: null }),
  }),
);

/** A node with a socket of every kind, from 1 on, and a request and a message that wait. */
async function crowded() {
  const town = new Town();
  const [ada, bob] = [new Program(town.table('ada')), new Program(town.table('bob'))];
  const operator = { verb: 'open', socket: null, data: 'nonrooted', policy: {} } as const;
  await town.provider('operator').command('@news' as never, operator, {});
  const root = await ada.listeningRoot('conf-7');
  const leaf = bob.socket();
  const joining = bob.join(leaf, 'conf-7');
  must(await ada.accept(root));
  must(await joining);
  must(await ada.listener('ada:1').then((listener) => ada.listen(listener)));
  must(await ada.join(ada.socket('mp-group'), '@news'));
  ada.socket();
  ada.socket('mp-conference', 0);
  ada.socket('mp-plain');
  const asking = bob.socket();
  must(bob.register(asking));
  must(await bob.join(asking, 'conf-7'));
  must(await bob.send(leaf, 'hello'));
  await calm();
  return { town, ada, provider: town.provider('ada') };
}

const failures: readonly unknown[] = [SOCKET_ERROR, INVALID_SOCKET];
const late = Symbol('late');

/** The value of a call, which is made to end if it waits. */
async function endOf(answer: unknown, ada: Program): Promise<unknown> {
  const ended = Promise.resolve(answer);
  for (let tries = 0; tries < 40; tries += 1) {
    const value = await Promise.race([ended, calm().then(() => late)]);
    if (value !== late) return value;
    ada.cancel();
  }
  return 'never';
}

describe('whatever a call is given', () => {
  it('[H17] [E9] [E13] it answers a number and a code, throws nothing, and if it is refused for that changes nothing', async () => {
    const answers = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(hostileCall, { minLength: 1, maxLength: 12 }), async (program) => {
        const { town, ada, provider } = await crowded();
        for (const { call, args, cell: errorCell } of program) {
          const error = newErrno();
          const before = provider.state;
          const made = ada.ws[call] as (...all: unknown[]) => unknown;
          const answer = made(
            ...args.map(valueOf),
            errorCell === null ? error : valueOf(errorCell),
          );
          const isUnchanged = provider.state === before;
          const value = await endOf(answer, ada);
          expect(typeof value).toBe('number');
          if (errorCell !== null) continue;
          const failed = failures.includes(value);
          answers.add(`${call} ${String(error.name)}`);
          expect(failed).toBe(error.number !== 0);
          if (!failed) continue;
          const code = error.name ?? '';
          expect(isWsaCode(code) && WSA[code]).toBe(error.number);
          expect(error.rule).toMatch(/^[REAH]\d+$/);
          const isForArguments = /WSAE(FAULT|NOTSOCK|AFNOSUPPORT|NOPROTOOPT|PROTONOSUPPORT)/.test(
            code,
          );
          if (isForArguments) expect(isUnchanged).toBe(true);
        }
        expect(town.malformed).toEqual([]);
      }),
      { numRuns: 300 },
    );
    // Had they all been refused for the same reason, little would have been shown.
    expect(answers.size).toBeGreaterThan(50);
  }, 60_000);

  it('[H17] works as a function that is taken out of its table', () => {
    const { WSPSocket, WSPCancelBlockingCall } = new Town().table('ada');
    const error = newErrno();
    expect(WSPSocket(0, 0, 0, null, 0, 0, error)).toBe(1);
    expect(WSPCancelBlockingCall(error)).toBe(SOCKET_ERROR);
    expect(bytes(1).len).toBe(1);
  });
});
