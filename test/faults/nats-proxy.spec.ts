import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Chance } from '@joinleaf/sim';
import { printedChance } from '../deployment/chance.js';
import { eventually } from '../deployment/eventually.js';
import { FrameReader, payloadOf, type PassingFrame } from './nats-frames.js';
import { NatsProxy } from './nats-proxy.js';
import type { Rule } from './proxied-way.js';

const chance = printedChance('nats-proxy');

/** Every frame that passes between clients and servers, some of them with payloads that look like others. */
const said = [
  'CONNECT {"verbose":false}\r\n',
  'SUB jl.t.fd.ada 1\r\n',
  'sub  _INBOX.ada.>   q1\t2\r\n',
  'PUB jl.t.cmd.ada.01.conf-7.join _INBOX.ada.1 11\r\nhello world\r\n',
  'PUB plain 0\r\n\r\n',
  'PUB trap 20\r\nMSG a 1 3\r\nabc\r\nPING\r\n',
  'HPUB jl.t.evt.01.conf-7 _INBOX.ada.2 25 31\r\nNATS/1.0\r\nNats: one12\r\n\r\n{"a":1\r\n',
  'HPUB bare 12 12\r\nNATS/1.0\r\n\r\n\r\n',
  'PING\r\n',
  'UNSUB 2 5\r\n',
  'PONG\r\n',
];
const answered = [
  'INFO {"server_id":"S","text":"MSG x 1 5"}\r\n',
  '+OK\r\n',
  '-ERR \'Permissions Violation for Publish to "x"\'\r\n',
  'MSG _INBOX.ada.1 2 5\r\nhallo\r\n',
  'MSG with.reply 2 jl.reply 2\r\nno\r\n',
  'HMSG _INBOX.ada.2 2 16 16\r\nNATS/1.0 503\r\n\r\n\r\n',
  'HMSG with.reply 2 jl.reply 12 14\r\nNATS/1.0\r\n\r\nhi\r\n',
  'PING\r\n',
];

describe('frames', () => {
  it('are the same however their bytes arrive, and together are what arrived', () => {
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(said.join(''));
      const reader = new FrameReader('up');
      const frames = [];
      for (let at = 0; at < bytes.length;) {
        const next = at + chance.whole(1, chance.pick([1, 7, 60, 400]));
        frames.push(...reader.take(bytes.subarray(at, next)));
        at = next;
      }
      expect(frames.map((frame) => frame.bytes.toString())).toEqual(said);
      expect(reader.rest.length).toBe(0);
    }
  });

  it('say what they carry, and for whom', () => {
    const frames = new FrameReader('down').take(Buffer.from(answered.join('')));
    expect(
      frames.map(({ verb, subject, reply, ...rest }) => [
        ...[verb, subject, reply],
        payloadOf({ verb, subject, reply, ...rest }).toString(),
      ]),
    ).toEqual([
      ['INFO', '', '', ''],
      ['+OK', '', '', ''],
      ['-ERR', '', '', ''],
      ['MSG', '_INBOX.ada.1', '', 'hallo'],
      ['MSG', 'with.reply', 'jl.reply', 'no'],
      ['HMSG', '_INBOX.ada.2', '', 'NATS/1.0 503\r\n\r\n'],
      ['HMSG', 'with.reply', 'jl.reply', 'NATS/1.0\r\n\r\nhi'],
      ['PING', '', '', ''],
    ]);
  });
});

describe('a proxy', () => {
  let far: Server;
  let farSide: Socket | null;
  let heardAtServer = '';
  let heardAtClient = '';
  let proxy: NatsProxy;
  let client: Socket;
  const frames: PassingFrame[] = [];

  beforeEach(async () => {
    [farSide, heardAtServer, heardAtClient] = [null, '', ''];
    frames.length = 0;
    far = createServer((socket) => {
      farSide = socket;
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => (heardAtServer += bytes.toString()));
    });
    await new Promise<void>((resolve) => far.listen(0, '127.0.0.1', resolve));
    const { port } = far.address() as AddressInfo;
    const onFrame = (frame: PassingFrame) => frames.push(frame);
    const targets = [{ host: '127.0.0.1', port }];
    proxy = await NatsProxy.start({ targets, chance: new Chance(7), onFrame });
    const [, proxyPort] = (proxy.urls[0] ?? '').split(':');
    client = connect(Number(proxyPort), '127.0.0.1');
    client.on('error', () => undefined);
    client.on('data', (bytes) => (heardAtClient += bytes.toString()));
    await eventually('the proxy has connected', () => farSide);
  });

  afterEach(async () => {
    client.destroy();
    await proxy[Symbol.asyncDispose]();
    await new Promise((resolve) => far.close(resolve));
  });

  const say = (text = said.join('')) => client.write(text);
  const answer = (text = answered.join('')) => farSide?.write(text);
  const serverHears = (text: string) =>
    eventually('the server hears it', () => heardAtServer === text);
  const clientHears = (text: string) =>
    eventually('the client hears it', () => heardAtClient === text);
  const dropping = (match: Rule['match']): Rule => ({ match, act: 'drop' });
  const event = said[6] ?? '';

  it('passes on every byte in both directions, whole or in pieces', async () => {
    for (const piece of Buffer.from(said.join(''))
      .toString()
      .match(/[^]{1,3}/g) ?? [])
      say(piece);
    answer();
    await serverHears(said.join(''));
    await clientHears(answered.join(''));
  });

  it('passes on what is no whole frame when its sender ends', async () => {
    client.end('PUB half 10\r\nabc');
    await serverHears('PUB half 10\r\nabc');
  });

  it.each<Rule['act']>(['pass', { slice: [1, 7] }, { delayMs: [0, 3] }])(
    'changes no byte when it does %j to everything',
    async (act) => {
      proxy.rule({ match: {}, act });
      say();
      answer();
      await serverHears(said.join(''));
      await clientHears(answered.join(''));
    },
  );

  it('loses what a rule names, and the rest gets through', async () => {
    const undo = proxy.rule(dropping({ direction: 'up', verb: /^HPUB$/, subject: /\.evt\./ }));
    say();
    await serverHears(said.filter((frame) => frame !== event).join(''));
    undo();
    say(event);
    await serverHears(said.filter((frame) => frame !== event).join('') + event);
  });

  it('knows what a message answers', async () => {
    proxy.rule(dropping({ answers: /\.evt\./ }));
    say();
    await serverHears(said.join(''));
    answer();
    await clientHears(answered.filter((_, index) => index !== 5).join(''));
    expect(frames.find(({ subject }) => subject === '_INBOX.ada.1')?.answers).toContain('.cmd.');
  });

  it('can mean one of many, or some', async () => {
    proxy.rule(dropping({ verb: /^PING$/, direction: 'up', nth: 2 }));
    proxy.rule(dropping({ verb: /^PONG$/, atMost: 1 }));
    say('PING\r\nPONG\r\nPING\r\nPONG\r\nPING\r\n');
    await serverHears('PING\r\nPONG\r\nPING\r\n');
  });

  it('goes by the newest of two rules that say different things', async () => {
    proxy.rule({ match: { verb: /^PING$/ }, act: 'duplicate' });
    const undo = proxy.rule(dropping({ verb: /^PING$/, direction: 'up' }));
    say('PING\r\nPONG\r\n');
    await serverHears('PONG\r\n');
    undo();
    say('PING\r\n');
    await serverHears('PONG\r\nPING\r\nPING\r\n');
  });

  it('repeats, and changes one bit', async () => {
    proxy.rule({ match: { verb: /^PING$/ }, act: 'duplicate' });
    proxy.rule({ match: { verb: /^PUB$/ }, act: 'corrupt' });
    say('PING\r\nPUB a 1\r\nb\r\n');
    await serverHears('PING\r\nPING\r\nPUB a 1\r\nc\r\n');
  });

  it('holds until it is told otherwise, and lets others overtake', async () => {
    const letGo = proxy.rule({ match: { subject: /^first$/ }, act: 'hold' });
    proxy.rule({ match: { subject: /^second$/ }, act: { overtakenMs: [1, 5] } });
    say('PUB first 0\r\n\r\nPUB second 0\r\n\r\nPING\r\n');
    await serverHears('PING\r\nPUB second 0\r\n\r\n');
    letGo();
    await serverHears('PING\r\nPUB second 0\r\n\r\nPUB first 0\r\n\r\n');
  });

  it('resets a connection where a rule says so, and takes a new one', async () => {
    const then = { called: 0 };
    const closed = new Promise((resolve) => client.once('close', resolve));
    proxy.rule({ match: { verb: /^PING$/ }, act: 'close', then: () => (then.called += 1) });
    say('PING\r\nPONG\r\n');
    await closed;
    expect(then.called).toBe(1);
    expect(heardAtServer).toBe('');
    await eventually('the connection is gone', () => proxy.connections === 0);
  });

  it('holds everything while it is frozen, and delivers it late', async () => {
    proxy.freeze('down');
    answer('PING\r\n');
    say('PONG\r\n');
    await serverHears('PONG\r\n');
    expect(heardAtClient).toBe('');
    proxy.mend();
    await clientHears('PING\r\n');
  });
});
