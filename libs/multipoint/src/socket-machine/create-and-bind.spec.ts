import { describe, expect, it } from '@jest/globals';
import { bindSocket } from './bind.js';
import { createSocket } from './create.js';
import { protocols, rolesOf, type MultipointFlag, type ProtocolEntry } from './protocol.js';
import { Rehearsal } from './rehearsal.js';

const { 'mp-rooted': rooted, 'mp-conference': conference, 'mp-group': group } = protocols;
const single: ProtocolEntry = { ...rooted, name: 'single', multipoint: false };

const refusedWith = (code: string, rule: string) => ({
  ok: false,
  error: expect.objectContaining({ code, rule }),
});

describe('creating a socket', () => {
  it.each<[string, ProtocolEntry, MultipointFlag[]]>([
    ['[R3] c_root/d_root', rooted, ['c_root', 'd_root']],
    ['[R3] c_root/d_leaf', rooted, ['c_root', 'd_leaf']],
    ['[R3] c_leaf/d_root', rooted, ['c_leaf', 'd_root']],
    ['[R3] c_leaf/d_leaf', rooted, ['c_leaf', 'd_leaf']],
    ['[R5] c_leaf/d_leaf in a conference', conference, ['c_leaf', 'd_leaf']],
    ['[R5] c_leaf/d_leaf in a group', group, ['c_leaf', 'd_leaf']],
    ['[R4] c_root/d_leaf in a conference', conference, ['c_root', 'd_leaf']],
  ])('%s succeeds, and its roles can be seen', (_, protocol, flags) => {
    const [control, data] = flags;
    const node = new Rehearsal();
    expect(node.socket(node.create(protocol, ...flags))).toMatchObject({
      roles: { control, data },
    });
  });

  it.each<[string, ProtocolEntry, MultipointFlag[], string]>([
    ['[R2] a control flag alone', rooted, ['c_leaf'], 'R2'],
    ['[R2] a data flag alone', rooted, ['d_leaf'], 'R2'],
    ['[R2] two control flags', rooted, ['c_root', 'c_leaf', 'd_leaf'], 'R2'],
    ['[R2] two data flags', rooted, ['c_leaf', 'd_root', 'd_leaf'], 'R2'],
    ['[R4] c_root in a nonrooted control plane', group, ['c_root', 'd_leaf'], 'R4'],
    ['[R4] d_root in a nonrooted data plane', conference, ['c_root', 'd_root'], 'R4'],
    ['[R5] multipoint flags on an entry without support', single, ['c_leaf', 'd_leaf'], 'R6'],
    ['[R6] plane bits without the support bit', single, ['c_root', 'd_root'], 'R6'],
  ])('%s fails with WSAEINVAL', (_, protocol, flags, rule) => {
    expect(rolesOf(protocol, flags)).toEqual(refusedWith('WSAEINVAL', rule));
  });

  it('[R6] a rooted control plane with both styles of data is two entries', () => {
    expect(rooted.control).toBe(conference.control);
    expect(rooted.data).not.toBe(conference.data);
  });

  it('[R9] a new socket is unbound and not joined', () => {
    const node = new Rehearsal();
    expect(node.socket(node.leaf())).toMatchObject({ local: null, phase: { name: 'idle' } });
  });

  it('[R10] answers WSAEMFILE when the table is full, and again has room after a close', () => {
    const node = new Rehearsal({ descriptorMax: 1 });
    const first = node.leaf();
    const creating = () => createSocket(node.state, conference, ['c_leaf', 'd_leaf']);
    expect(node.attempt(creating())).toEqual(refusedWith('WSAEMFILE', 'R10'));
    node.close(first);
    expect(node.attempt(creating())).toEqual({ ok: true, value: first + 1 });
  });
});

describe('binding', () => {
  it.each([
    ['[R13] a session', 'conf-7', 'WSAEFAULT', 'R13'],
    ['[R13] a group', '@news', 'WSAEFAULT', 'R13'],
    ['[E9] no address', 'a b', 'WSAEFAULT', 'E9'],
    ["[R12] another node's endpoint", 'bob:1', 'WSAEADDRNOTAVAIL', 'R12'],
  ])('a c_leaf to %s is refused', (_, address, code, rule) => {
    const node = new Rehearsal();
    const socket = node.leaf();
    expect(bindSocket(node.state, { socket, address }).result).toEqual(refusedWith(code, rule));
  });

  it('[R11] a socket is bound once', () => {
    const node = new Rehearsal();
    const leaf = node.listener(1);
    const again = bindSocket(node.state, { socket: leaf, address: 'ada:2' });
    expect(again.result).toEqual(refusedWith('WSAEINVAL', 'R11'));
    const root = node.root();
    const moved = bindSocket(node.state, { socket: root, address: 'conf-8' });
    expect(moved.result).toEqual(refusedWith('WSAEINVAL', 'R11'));
  });

  it('[R12] a port has one holder, and is free again when it closes', () => {
    const node = new Rehearsal();
    const holder = node.listener(7);
    const other = node.leaf();
    const binding = () => bindSocket(node.state, { socket: other, address: 'ada:7' });
    expect(binding().result).toEqual(refusedWith('WSAEADDRINUSE', 'R12'));
    node.close(holder);
    expect(binding().result).toEqual({ ok: true, value: { call: null } });
  });

  it.each(['ada:0', 'ada:any'])(
    '%s draws a port that nobody holds, the same in every run',
    (address) => {
      const ports = [1, 2].map(() => {
        const node = new Rehearsal();
        const first = node.leaf();
        node.run(bindSocket(node.state, { socket: first, address }));
        const second = node.leaf();
        node.run(bindSocket(node.state, { socket: second, address }));
        return [first, second].map((socket) => {
          const bound = node.socket(socket);
          return bound?.kind === 'leaf' ? bound.local : null;
        });
      });
      expect(ports[0]).toEqual(['ada:49152', 'ada:49153']);
      expect(ports[1]).toEqual(ports[0]);
    },
  );

  it('[R12] drawing passes over ports that are held', () => {
    const node = new Rehearsal();
    node.listener(49_152);
    const leaf = node.leaf();
    node.run(bindSocket(node.state, { socket: leaf, address: 'ada:0' }));
    expect(node.socket(leaf)).toMatchObject({ local: 'ada:49153' });
  });

  it('a c_root asks the arbiter for its address, and is unbound again if it is held', () => {
    const node = new Rehearsal();
    const socket = node.create(conference, 'c_root', 'd_leaf');
    const policy = { capacity: 10 };
    const { call } = node.run(bindSocket(node.state, { socket, address: 'conf-7', policy }));
    expect(node.commands).toEqual([{ verb: 'open', socket: '1', data: 'nonrooted', policy }]);
    expect(node.socket(socket)).toMatchObject({ phase: { name: 'opening', address: 'conf-7' } });
    node.refuses(call, { code: 'WSAEADDRINUSE', rule: 'R12' });
    expect(node.socket(socket)).toMatchObject({ phase: { name: 'unbound' } });
  });

  it('[R13] a c_root is not bound to an endpoint', () => {
    const node = new Rehearsal();
    const socket = node.create(conference, 'c_root', 'd_leaf');
    const step = bindSocket(node.state, { socket, address: 'ada:1' });
    expect(step.result).toEqual(refusedWith('WSAEFAULT', 'R13'));
  });
});
