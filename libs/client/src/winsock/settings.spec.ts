import { describe, expect, it } from '@jest/globals';
import { sockaddr, sockaddrLength } from './addresses.js';
import { FROM_PROTOCOL_INFO, INVALID_SOCKET } from './numbers/calls.js';
import { FD_QOS } from './numbers/network-events.js';
import {
  FIONBIO,
  SIO_FLUSH,
  SIO_GET_GROUP_QOS,
  SIO_GET_QOS,
  SIO_MULTICAST_SCOPE,
  SIO_SET_QOS,
  SO_ACCEPTCONN,
  SO_CONDITIONAL_ACCEPT,
  SO_DONTLINGER,
  SO_ERROR,
  SO_LINGER,
  SO_MAX_MSG_SIZE,
  SO_MULTIPOINT_ROLES,
  SO_PROTOCOL_INFO,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_TYPE,
  SOL_SOCKET,
} from './numbers/settings.js';
import {
  XP1_CONNECT_DATA,
  XP1_GRACEFUL_CLOSE,
  XP1_GUARANTEED_DELIVERY,
  XP1_GUARANTEED_ORDER,
  XP1_MESSAGE_ORIENTED,
  XP1_MULTIPOINT_CONTROL_PLANE,
  XP1_MULTIPOINT_DATA_PLANE,
  XP1_QOS_SUPPORTED,
  XP1_SUPPORT_MULTIPOINT,
  XP1_UNI_RECV,
  XP1_UNI_SEND,
} from './numbers/service-flags.js';
import {
  AF_GROUP,
  AF_NODE,
  AF_SESSION,
  AF_UNSPEC,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  WSA_FLAG_OVERLAPPED,
} from './numbers/sockets.js';
import { calm, leafFlags, must, Program, rootedFlags, rootFlags } from './program.js';
import {
  newErrno,
  SIZEOF_QOS,
  SIZEOF_WSAPROTOCOL_INFO,
  type FLOWSPEC,
  type QOS,
  type WSAPROTOCOL_INFO,
} from './structures.js';
import { Town } from './town.js';

const program = () => new Program(new Town().table('ada'));

const entriesOf = ({ ws }: Program, wanted: readonly number[] | null = null) => {
  const [entries, length, error] = [[] as WSAPROTOCOL_INFO[], { value: 0 }, newErrno()];
  ws.WSPEnumProtocols(wanted, null, length, error);
  expect(error).toMatchObject({ name: 'WSAENOBUFS', rule: 'E12' });
  const count = ws.WSPEnumProtocols(wanted, entries, length, error);
  expect([error.number, count * SIZEOF_WSAPROTOCOL_INFO]).toEqual([0, length.value]);
  return entries;
};

describe('WSPEnumProtocols', () => {
  it('[R6] [R103] [R98] [R104] [R157] tells what every entry offers', () => {
    const always =
      XP1_MESSAGE_ORIENTED | XP1_GUARANTEED_ORDER | XP1_GRACEFUL_CLOSE | XP1_SUPPORT_MULTIPOINT;
    const data = XP1_CONNECT_DATA | XP1_QOS_SUPPORTED;
    const rooted = XP1_MULTIPOINT_CONTROL_PLANE;
    const told = new Map(entriesOf(program()).map((one) => [one.szProtocol, one.dwServiceFlags1]));
    const connectionless = 1;
    expect(Object.fromEntries(told)).toEqual({
      'mp-rooted': always | data | rooted | XP1_MULTIPOINT_DATA_PLANE,
      'mp-conference': always | data | rooted,
      'mp-group': always | data | connectionless,
      'mp-group-send': always | data | connectionless | XP1_UNI_SEND,
      'mp-group-receive': always | data | connectionless | XP1_UNI_RECV,
      'mp-plain': always | rooted,
    });
    for (const flags of told.values()) expect(flags & XP1_GUARANTEED_DELIVERY).toBe(0);
  });

  it('[E12] [E9] needs room, and says how much', () => {
    const { ws } = program();
    const [length, error] = [{ value: 6 * SIZEOF_WSAPROTOCOL_INFO - 1 }, newErrno()];
    const entries: WSAPROTOCOL_INFO[] = [];
    expect(ws.WSPEnumProtocols(null, entries, length, error)).toBe(-1);
    expect([error.name, length.value, entries]).toEqual(['WSAENOBUFS', 6 * 628, []]);
    expect(ws.WSPEnumProtocols(null, null, { value: 99_999 }, error)).toBe(-1);
    expect(error.name).toBe('WSAEFAULT');
    expect(ws.WSPEnumProtocols(null, entries, null as never, error)).toBe(-1);
    expect(error.name).toBe('WSAEFAULT');
    expect(ws.WSPEnumProtocols(7 as never, entries, { value: 99_999 }, error)).toBe(-1);
    expect(error.name).toBe('WSAEFAULT');
  });

  it('[R6] tells of those alone that are asked for', () => {
    const names = entriesOf(program(), [3, 1, 0, 2]).map(({ szProtocol }) => szProtocol);
    expect(names).toEqual(['mp-rooted', 'mp-group']);
  });
});

describe('WSPSocket', () => {
  const ask = ({ ws }: Program, ...args: readonly unknown[]) => {
    const error = newErrno();
    const [af, type, protocol, info, flags] = args as [number, number, number, never, number];
    const s = ws.WSPSocket(af, type, protocol, info, 0, flags, error);
    return error.number === 0 ? s : `${String(error.name)} ${String(error.rule)}`;
  };

  it('[R3] [R76] makes each of the roles, which can be read again', async () => {
    const ada = program();
    for (const flags of [0x0a, 0x12, 0x0c, 0x14, 0]) {
      expect(option(ada, ada.socket('mp-rooted', flags), SO_MULTIPOINT_ROLES)).toEqual({
        value: flags,
      });
    }
    const town = new Town();
    const [bob, carol] = [new Program(town.table('bob')), new Program(town.table('carol'))];
    const root = await bob.root('conf-7', { entry: 'mp-rooted', flags: rootedFlags });
    must(await bob.listen(root));
    const joining = carol.join(carol.socket('mp-rooted'), 'conf-7');
    const link = must(await bob.accept(root));
    must(await joining);
    expect(option(bob, link, SO_MULTIPOINT_ROLES)).toEqual({ value: leafFlags });
  });

  it('[R2] [R4] [R6] refuses roles that are none, or that the entry has not', () => {
    const ada = program();
    const [rooted, , group] = entriesOf(ada);
    const any = [FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO] as const;
    for (const flags of [0x02, 0x06, 0x18, 0x1e]) {
      expect(ask(ada, ...any, rooted, flags)).toBe('WSAEINVAL R2');
    }
    expect(ask(ada, ...any, group, rootFlags)).toBe('WSAEINVAL R4');
    const withoutBit = { ...rooted, dwServiceFlags1: XP1_MULTIPOINT_CONTROL_PLANE };
    expect(ask(ada, ...any, withoutBit, rootFlags)).toBe('WSAEINVAL R6');
    expect(ask(ada, ...any, withoutBit, 0)).toEqual(expect.any(Number));
    expect(ask(ada, ...any, rooted, rootFlags | WSA_FLAG_OVERLAPPED)).toEqual(expect.any(Number));
    for (const flags of [0x20, -1, 1.5, '20', null]) {
      expect(ask(ada, ...any, rooted, flags)).toBe('WSAEINVAL R2');
    }
  });

  it('[E1] [H17] finds an entry that fits without being named one', () => {
    const ada = program();
    const nameOf = (s: unknown) => {
      const { szProtocol } = option(ada, s as number, SO_PROTOCOL_INFO, 999) as WSAPROTOCOL_INFO;
      return szProtocol;
    };
    expect(nameOf(ask(ada, AF_UNSPEC, 0, 0, null, rootFlags))).toBe('mp-rooted');
    expect(nameOf(ask(ada, AF_SESSION, SOCK_SEQPACKET, 2, null, rootFlags))).toBe('mp-conference');
    expect(nameOf(ask(ada, AF_GROUP, 0, 0, null, leafFlags))).toBe('mp-group');
    expect(nameOf(ask(ada, AF_NODE, SOCK_DGRAM, 5, null, leafFlags))).toBe('mp-group-receive');
    expect(ask(ada, 2, 0, 0, null, leafFlags)).toBe('WSAEAFNOSUPPORT E1');
    expect(ask(ada, AF_GROUP, SOCK_SEQPACKET, 0, null, leafFlags)).toBe('WSAEPROTONOSUPPORT H17');
    expect(ask(ada, AF_UNSPEC, 1, 0, null, leafFlags)).toBe('WSAEPROTONOSUPPORT H17');
    expect(ask(ada, AF_UNSPEC, 0, 7, null, leafFlags)).toBe('WSAEPROTONOSUPPORT H17');
    expect(ask(ada, 0, 0, 0, { dwCatalogEntryId: 7 }, leafFlags)).toBe('WSAEFAULT E9');
    expect(ask(ada, 0, 0, 0, 'mp-group', leafFlags)).toBe('WSAEFAULT E9');
  });

  it('[R10] [R70] answers INVALID_SOCKET when there is no room', () => {
    const { ws } = new Program(new Town().table('ada', 1));
    const error = newErrno();
    expect(ws.WSPSocket(0, 0, 0, null, 0, leafFlags, error)).toBe(1);
    expect(ws.WSPSocket(0, 0, 0, null, 0, leafFlags, error)).toBe(INVALID_SOCKET);
    expect(error).toMatchObject({ name: 'WSAEMFILE', number: 10_024, rule: 'R10' });
  });
});

function option({ ws }: Program, s: number, name: number, room = 4): unknown {
  const [value, length, error] = [{}, { value: room }, newErrno()];
  ws.WSPGetSockOpt(s, SOL_SOCKET, name, value as never, length, error);
  return error.number === 0 ? value : `${String(error.name)} ${String(error.rule)}`;
}

describe('a socket’s options', () => {
  const set = ({ ws }: Program, s: number, name: number, value: unknown, length = 4) => {
    const error = newErrno();
    ws.WSPSetSockOpt(s, SOL_SOCKET, name, value as never, length, error);
    return error.number === 0 ? null : `${String(error.name)} ${String(error.rule)}`;
  };

  it('[R142] [R141] [R12] can be set and read', () => {
    const ada = program();
    const s = ada.socket();
    expect(option(ada, s, SO_LINGER)).toEqual({ l_onoff: 0, l_linger: 0 });
    expect(option(ada, s, SO_DONTLINGER)).toEqual({ value: 1 });
    expect(set(ada, s, SO_LINGER, { l_onoff: 1, l_linger: 5 })).toBeNull();
    expect(option(ada, s, SO_LINGER)).toEqual({ l_onoff: 1, l_linger: 5 });
    expect(option(ada, s, SO_DONTLINGER)).toEqual({ value: 0 });
    expect(set(ada, s, SO_DONTLINGER, { value: true })).toBeNull();
    expect(option(ada, s, SO_LINGER)).toEqual({ l_onoff: 0, l_linger: 0 });
    for (const name of [SO_REUSEADDR, SO_CONDITIONAL_ACCEPT]) {
      expect(option(ada, s, name)).toEqual({ value: 0 });
      expect(set(ada, s, name, { value: 7 })).toBeNull();
      expect(option(ada, s, name)).toEqual({ value: 1 });
    }
    for (const name of [SO_SNDBUF, SO_RCVBUF]) {
      expect(set(ada, s, name, { value: 1_000 })).toBeNull();
      expect(option(ada, s, name)).toEqual({ value: 1_000 });
    }
  });

  it('[R18] [R9] say what a socket is', async () => {
    const ada = program();
    const s = await ada.listener('ada:1');
    expect(option(ada, s, SO_ACCEPTCONN)).toEqual({ value: 1 });
    expect(option(ada, ada.socket(), SO_ACCEPTCONN)).toEqual({ value: 0 });
    expect(option(ada, s, SO_ERROR)).toEqual({ value: 0 });
    expect(option(ada, s, SO_MAX_MSG_SIZE)).toEqual({ value: 524_288 });
    expect(option(ada, s, SO_TYPE)).toEqual({ value: SOCK_SEQPACKET });
    expect(set(ada, s, SO_ACCEPTCONN, { value: 1 })).toBe('WSAENOPROTOOPT H17');
  });

  it('[E9] [E13] [H17] are refused where they are none', () => {
    const ada = program();
    const s = ada.socket();
    const error = newErrno();
    expect(option(ada, s, 0x1234)).toBe('WSAENOPROTOOPT H17');
    expect(set(ada, s, 0x1234, { value: 1 })).toBe('WSAENOPROTOOPT H17');
    ada.ws.WSPGetSockOpt(s, 6, SO_REUSEADDR, { value: 0 }, { value: 4 }, error);
    expect(error).toMatchObject({ name: 'WSAEINVAL', rule: 'H17' });
    expect(option(ada, s, SO_REUSEADDR, 3)).toBe('WSAEFAULT E9');
    expect(option(ada, s, SO_PROTOCOL_INFO, 627)).toBe('WSAEFAULT E9');
    expect(set(ada, s, SO_REUSEADDR, { value: 1 }, 3)).toBe('WSAEFAULT E9');
    expect(set(ada, s, SO_REUSEADDR, 1)).toBe('WSAEFAULT E9');
    expect(set(ada, s, SO_LINGER, { value: 1 })).toBe('WSAEINVAL H17');
    expect(set(ada, s, SO_SNDBUF, { value: -1 })).toBe('WSAEINVAL H17');
    expect(set(ada, 4_711, SO_REUSEADDR, { value: 1 })).toBe('WSAENOTSOCK E13');
  });
});

describe('the flow of a socket', () => {
  const flow = (TokenRate: number): FLOWSPEC => ({
    TokenRate,
    TokenBucketSize: 1,
    PeakBandwidth: 0xffff_ffff,
    Latency: 2,
    DelayVariation: 3,
    ServiceType: 3,
    MaxSduSize: 4,
    MinimumPolicedSize: 5,
  });
  const qos: QOS = {
    SendingFlowspec: flow(1_000),
    ReceivingFlowspec: flow(2_000),
    ProviderSpecific: { len: 2, buf: Uint8Array.of(1, 2) },
  };

  it('[R106] [R101] [R100] is what was set, before any attempt', () => {
    const ada = program();
    const s = ada.socket();
    const out = {};
    must(ada.ioctl(s, SIO_GET_QOS, null, out));
    expect(out).toMatchObject({ SendingFlowspec: { TokenRate: 0xffff_ffff, ServiceType: 1 } });
    expect(ada.ioctl(s, SIO_SET_QOS, qos)).toMatchObject({ value: 0, size: 0 });
    expect(ada.ioctl(s, SIO_GET_QOS, null, out)).toMatchObject({ value: 0, size: SIZEOF_QOS });
    expect(out).toEqual(qos);
  });

  it('[R106] [R101] is what the network gives, after one', async () => {
    const town = new Town();
    const [ada, bob] = [new Program(town.table('ada')), new Program(town.table('bob'))];
    const root = await ada.listeningRoot('conf-7');
    const leaf = bob.socket();
    must(bob.ioctl(leaf, SIO_SET_QOS, qos));
    const joining = bob.join(leaf, 'conf-7');
    await calm();
    let seen: QOS | null = null;
    must(
      await ada.accept(root, (...args) => {
        seen = args[2];
        return 0;
      }),
    );
    must(await joining);
    expect(seen).toEqual(qos);
    const out = {};
    must(bob.ioctl(leaf, SIO_GET_QOS, null, out));
    expect(out).toMatchObject({ SendingFlowspec: flow(1_000), ReceivingFlowspec: flow(2_000) });
  });

  it('[R107] [R106] is told when it changes, once until it is read', async () => {
    const town = new Town();
    const [ada, bob] = [new Program(town.table('ada')), new Program(town.table('bob'))];
    const root = await ada.listeningRoot('conf-7');
    const leaf = bob.socket();
    must(bob.ioctl(leaf, SIO_SET_QOS, qos));
    const joining = bob.join(leaf, 'conf-7');
    must(await ada.accept(root));
    must(await joining);
    must(bob.register(leaf, FD_QOS));
    const allow = async (bytesPerSecond: number) => {
      const free = { bytesPerSecond: null, members: null };
      const budget = { sending: { ...free, bytesPerSecond }, receiving: free };
      const command = { verb: 'policy', socket: String(root), policy: { budget } } as const;
      await town.provider('ada').command('conf-7' as never, command, {});
      await calm();
    };
    await allow(500);
    expect(bob.enumerate(leaf).mask).toBe(FD_QOS);
    await allow(400);
    expect(bob.enumerate(leaf).mask).toBe(0);
    const out = {};
    must(bob.ioctl(leaf, SIO_GET_QOS, null, out));
    expect(out).toMatchObject({ SendingFlowspec: { TokenRate: 400 } });
    await allow(300);
    expect(bob.enumerate(leaf).mask).toBe(FD_QOS);
  });

  it('[R108] [R103] [R97] is refused where it makes no sense, or has no room', () => {
    const ada = program();
    const s = ada.socket();
    const zero = { ...qos, SendingFlowspec: flow(0) };
    expect(ada.ioctl(s, SIO_SET_QOS, zero)).toMatchObject({ error: 'WSAEOPNOTSUPP R108' });
    const plain = ada.socket('mp-plain');
    expect(ada.ioctl(plain, SIO_SET_QOS, qos)).toMatchObject({ error: 'WSAENOPROTOOPT R103' });
    expect(ada.ioctl(plain, SIO_GET_QOS, null, {})).toMatchObject({ error: 'WSAENOPROTOOPT R103' });
    const error = newErrno();
    const { ws } = ada;
    ws.WSPIoctl(s, SIO_SET_QOS, qos, 71, null, 0, null, null, null, null, error);
    expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'R97' });
    ws.WSPIoctl(s, SIO_GET_QOS, null, 0, { value: 0 }, 71, null, null, null, null, error);
    expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'R97' });
    for (const value of [null, {}, { ...qos, SendingFlowspec: { ...flow(1), Latency: -1 } }]) {
      expect(ada.ioctl(s, SIO_SET_QOS, value)).toMatchObject({ error: 'WSAEFAULT E9' });
    }
  });
});

describe('an ioctl', () => {
  it('[R156] [H17] [E9] is one that there is, with what it needs', () => {
    const ada = program();
    const s = ada.socket();
    for (const code of [SIO_FLUSH, SIO_GET_GROUP_QOS]) {
      expect(ada.ioctl(s, code, null)).toMatchObject({ error: 'WSAEOPNOTSUPP H17' });
    }
    for (const code of [0, 7, -1, '5', null, NaN]) {
      expect(ada.ioctl(s, code as number, null)).toMatchObject({ error: 'WSAEINVAL H17' });
    }
    expect(ada.ioctl(s, FIONBIO, null)).toMatchObject({ error: 'WSAEFAULT E9' });
    expect(ada.ioctl(s, FIONBIO, { value: 'no' })).toMatchObject({ error: 'WSAEFAULT E9' });
    for (const value of [-1, 256, 0.5, '1']) {
      expect(ada.ioctl(s, SIO_MULTICAST_SCOPE, { value })).toMatchObject({
        error: 'WSAEINVAL R156',
      });
    }
    expect(ada.ioctl(4_711, FIONBIO, { value: 1 })).toMatchObject({ error: 'WSAENOTSOCK E13' });
  });
});

describe('WSPGetSockName', () => {
  const nameOf = ({ ws }: Program, s: number, room: unknown = { value: 64 }) => {
    const [name, error] = [{ sa_family: 0, sa_data: '' }, newErrno()];
    ws.WSPGetSockName(s, name, room as never, error);
    return error.number === 0 ? name.sa_data : `${String(error.name)} ${String(error.rule)}`;
  };

  it('[R9] [R14] [R15] [R16] tells where a socket is bound', async () => {
    const ada = program();
    const leaf = ada.socket();
    expect(nameOf(ada, leaf)).toBe('WSAEINVAL R9');
    await ada.join(leaf, 'nowhere');
    expect(nameOf(ada, leaf)).toMatch(/^ada:\d+$/);
    expect(await ada.bind(leaf, 'ada:9')).toMatchObject({ error: 'WSAEINVAL R11' });
    const wild = ada.socket();
    must(await ada.bind(wild, '*:7'));
    expect(nameOf(ada, wild)).toBe('*:7');
    expect(nameOf(ada, await ada.root('conf-7'))).toBe('conf-7');
    for (const room of [null, { value: 0 }, { value: 5 }, { value: '64' }]) {
      expect(nameOf(ada, leaf, room)).toBe('WSAEFAULT E9');
    }
  });

  it('[R11] [R12] [R13] is what bind was told, if that was fine', async () => {
    const ada = program();
    const leaf = ada.socket();
    expect(await ada.bind(leaf, 'conf-7')).toMatchObject({ error: 'WSAEFAULT R13' });
    expect(await ada.bind(leaf, 'bob:1')).toMatchObject({ error: 'WSAEADDRNOTAVAIL R12' });
    expect(await ada.bind(leaf, 'not.one')).toMatchObject({ error: 'WSAEFAULT E9' });
    const error = newErrno();
    const stranger = { sa_family: 2, sa_data: 'ada:1' };
    await ada.ws.WSPBind(leaf, stranger, 7, error);
    expect(error).toMatchObject({ name: 'WSAEFAULT', rule: 'R13' });
    must(await ada.bind(leaf, 'ada:1'));
    // A second bind, before anything that is wrong with it.
    await ada.ws.WSPBind(leaf, null as never, 0, error);
    expect(error).toMatchObject({ name: 'WSAEINVAL', rule: 'R11' });
    expect(await ada.bind(ada.socket(), 'ada:1')).toMatchObject({ error: 'WSAEADDRINUSE R12' });
    const first = await ada.root('conf-7');
    expect(nameOf(ada, first)).toBe('conf-7');
    expect(await ada.bind(ada.socket('mp-conference', rootFlags), 'conf-7')).toMatchObject({
      error: expect.stringMatching(/^WSAEADDRINUSE/),
    });
  });
});

describe('WSPListen', () => {
  it('[R17] [R22] [H17] takes any whole number, of a socket that is bound', async () => {
    const ada = program();
    const leaf = ada.socket();
    expect(await ada.listen(leaf)).toMatchObject({ error: 'WSAEINVAL R17' });
    must(await ada.bind(leaf, 'ada:1'));
    for (const backlog of [-5, 0, 0x7fff_ffff, 3]) must(await ada.listen(leaf, backlog));
    for (const backlog of [0.5, NaN, Infinity, '3', null]) {
      expect(await ada.listen(leaf, backlog as number)).toMatchObject({ error: 'WSAEINVAL H17' });
    }
  });
});

describe('WSPConnect', () => {
  const connect = async ({ ws }: Program, s: number, text: string, namelen?: number) => {
    const [name, error] = [sockaddr(text), newErrno()];
    const length = namelen ?? sockaddrLength(name);
    await ws.WSPConnect(s, name, length, null, null, null, null, error);
    return `${String(error.name)} ${String(error.rule)}`;
  };

  it('[R19] finds nobody who takes an ordinary connection, and nobody hears of it', async () => {
    const town = new Town();
    const [ada, bob] = [new Program(town.table('ada')), new Program(town.table('bob'))];
    const listener = await bob.listener('bob:1');
    must(bob.register(listener));
    const before = town.provider('bob').state;
    const plain = ada.socket('mp-conference', 0);
    expect(await connect(ada, plain, 'bob:1')).toBe('WSAECONNREFUSED R19');
    await calm();
    expect(town.provider('bob').state).toBe(before);
    expect(await connect(ada, plain, 'conf-7')).toBe('WSAEAFNOSUPPORT E1');
    expect(await connect(ada, plain, 'bob:0')).toBe('WSAEADDRNOTAVAIL E7');
    expect(await connect(ada, plain, 'bob:1', 3)).toBe('WSAEFAULT E9');
    expect(await connect(ada, 4_711, 'bob:1')).toBe('WSAENOTSOCK E13');
    expect(await connect(bob, listener, 'bob:1')).toBe('WSAEINVAL A22');
  });
});
