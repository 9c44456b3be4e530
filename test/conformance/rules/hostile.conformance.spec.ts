import { describe, expect, it } from '@jest/globals';
import { printedChance } from '../../deployment/chance.js';
import { must } from '../cast/answer.js';
import { castOf } from '../cast/cast.js';
import { admitted, room } from '../cast/scenes.js';

const cast = castOf('ada', 'bob');
const chance = printedChance('hostile');

/** Every call of the table but WSPCleanup, and how many arguments it has before the error cell. */
const calls = {
  ...{ WSPSocket: 6, WSPBind: 3, WSPListen: 2, WSPConnect: 7, WSPJoinLeaf: 8, WSPAccept: 5 },
  ...{ WSPEventSelect: 3, WSPEnumNetworkEvents: 3, WSPAsyncSelect: 3, WSPIoctl: 10 },
  ...{ WSPSend: 5, WSPRecv: 5, WSPShutdown: 2, WSPCloseSocket: 1, WSPCancelBlockingCall: 0 },
  ...{ WSPGetSockName: 3, WSPGetSockOpt: 5, WSPSetSockOpt: 5, WSPEnumProtocols: 3 },
} as const;

const nonsense: readonly unknown[] = [
  ...[null, undefined, true, '', 'x', '\u0000', -1, 0, 1, 0.5, 7, 1e12, 2 ** 53, 10n],
  ...[Number.NaN, Number.POSITIVE_INFINITY, [], {}, [null], new Uint8Array(3), new Date(0)],
  ...[{ value: -1 }, { value: 'x' }, { len: 5, buf: null }, { len: -1, buf: new Uint8Array(1) }],
  ...[
    { len: 1e9, buf: new Uint8Array(1) },
    { sa_family: 101, sa_data: null },
  ],
  ...[
    { sa_family: 'x', sa_data: 'bob:1' },
    { sa_family: 102, sa_data: 'a.b.>' },
  ],
  ...[
    { lNetworkEvents: {}, iErrorCode: null },
    { SendingFlowspec: 1, ReceivingFlowspec: null },
  ],
];

const anything = (): unknown => nonsense[chance.whole(0, nonsense.length - 1)];

describe('nonsense', () => {
  it.each(Object.entries(calls))(
    '[R70] [E9] [E13] passed to %s is refused with a code, and never thrown',
    async (name, count) => {
      const { ada, bob } = cast;
      const { session, root } = await room(ada);
      const { link } = await admitted(root, session, bob);
      const plain = await ada.socket('mp-conference', 0);
      must(await plain.setBlocking(false));
      const descriptors = [root, link, plain].map(({ descriptor }) => descriptor);
      for (let round = 1; round <= 40; round += 1) {
        const args = Array.from({ length: count }, anything);
        // Most calls come further when the descriptor is a good one; to close one is no nonsense.
        const isAimed = count > 1 && chance.oneIn(2);
        if (isAimed) args[0] = chance.pick(descriptors);
        // A contradiction between value and error cell is thrown here, and what the program throws arrives.
        const answer = await ada.call(name, ...args);
        expect(answer.ok || answer.code.startsWith('WSA')).toBe(true);
      }
      // The node is none the worse for it.
      const next = await room(ada);
      await admitted(next.root, next.session, bob);
    },
  );
});
