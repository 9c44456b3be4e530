import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import {
  connect,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
} from '@nats-io/transport-node';

import { eventually } from './alive.js';
import type { NatsCredentials } from './credentials.js';
import { nodeInbox, nodeUserName } from './node-users.js';
import type { RunningNatsServer } from './running-server.js';
import { startNatsServer } from './start.js';

// Who may say what to whom, tried with real connections. An attempt that must fail is judged by what the server
// says to whoever tries, by what the services hear, and by every stream being as it was before.

const streams = {
  JL_EVENTS_0: 'jl.*.evt.>',
  JL_DECISIONS: 'jl.*.dec.>',
  JL_NOTIFICATIONS: 'jl.*.fd.*',
  JL_NODES: 'jl.*.nodes.*',
  JL_PARKED: 'jl.*.parked.*.*',
};
const stored = 'jl.main.evt.1.conf-7';
const password = 'secret';

type Who = 'ada' | 'bob' | 'eve' | 'development' | 'auditor';
interface Client {
  readonly connection: NatsConnection;
  readonly denied: string[];
}

let server: RunningNatsServer;
let services: NatsConnection;
let manager: JetStreamManager;
let clients: ReadonlyMap<Who, Client>;
let heard: string[];

beforeAll(async () => {
  server = await startNatsServer({
    nodes: [
      { node: 'ada', password },
      { node: 'bob', password },
      { node: 'eve', password, realm: 'other' },
    ],
  });
  services = await connect(server.credentials.services);
  manager = await jetstreamManager(services);
  for (const [name, subject] of Object.entries(streams)) {
    await manager.streams.add({ name, subjects: [subject], allow_direct: true });
  }
  for (const commit of ['first', 'second', 'third']) {
    await jetstream(services).publish(stored, commit);
  }
  for (const subject of ['jl.*.cmd.>', 'jl.*.node.>', '$SRV.PING']) answer(subject);
  await services.flush();

  const { nodes, auditor } = server.credentials;
  clients = new Map<Who, Client>([
    ['ada', await client(asNode('ada'), nodeInbox('ada'))],
    ['bob', await client(asNode('bob'), nodeInbox('bob'))],
    ['eve', await client(asNode('eve'), nodeInbox('eve'))],
    ['development', await client(nodes, nodeInbox('any'))],
    ['auditor', await client(auditor, '_INBOX.auditor')],
  ]);
});
beforeEach(() => {
  heard = [];
  for (const { denied } of clients.values()) denied.length = 0;
});
afterAll(async () => {
  for (const { connection } of clients.values()) await connection.close();
  await services.close();
  await server.stop();
});

const log = [
  stored,
  'jl.main.dec.1.conf-7',
  'jl.main.fd.ada',
  'jl.main.fd.bob',
  'jl.main.nodes.ada',
  'jl.main.parked.JL_EVENTS_0.1',
];
const writes = [
  '$JS.API.STREAM.CREATE.MINE',
  '$JS.API.STREAM.UPDATE.JL_EVENTS_0',
  '$JS.API.STREAM.DELETE.JL_EVENTS_0',
  '$JS.API.STREAM.PURGE.JL_EVENTS_0',
  '$JS.API.STREAM.MSG.DELETE.JL_EVENTS_0',
  '$JS.API.STREAM.RESTORE.JL_EVENTS_0',
  '$JS.API.CONSUMER.CREATE.JL_EVENTS_0',
  '$JS.API.CONSUMER.CREATE.JL_EVENTS_0.mine',
  '$JS.API.CONSUMER.CREATE.JL_EVENTS_0.mine.jl.>',
  '$JS.API.CONSUMER.DURABLE.CREATE.JL_EVENTS_0.mine',
  '$JS.API.CONSUMER.DELETE.JL_EVENTS_0.mine',
  '$JS.API.CONSUMER.MSG.NEXT.JL_EVENTS_0.mine',
  '$JS.ACK.JL_EVENTS_0.mine.1.1.1.1.0',
  '$SYS.REQ.SERVER.PING',
].map((subject) => subject.replace('.jl.>', '.jl.main'));

describe('publishing is denied', () => {
  it.each(
    table({
      ada: [
        ...log,
        ...writes,
        '$JS.API.INFO',
        '$JS.API.STREAM.INFO.JL_EVENTS_0',
        '$JS.API.DIRECT.GET.JL_EVENTS_0',
        '$SRV.PING',
        'jl.main.cmd.bob.1.conf-7.join',
        'jl.main.node.bob.beat',
        'jl.main.cmd.ada',
        'jl.main.data.bob.conf-7.1.all.run1.3',
        'jl.main.data.bob.conf-7.1.to.carol.run1.3.run1.4',
        'jl.main.data.ada',
        '_INBOX.ada.forged',
        '_INBOX.bob.forged',
        '_R_.forged',
      ],
      eve: [
        ...log,
        'jl.main.cmd.eve.1.conf-7.join',
        'jl.main.node.eve.beat',
        'jl.main.data.eve.conf-7.1.all.run1.3',
        'jl.other.fd.eve',
      ],
      development: [...log, ...writes, '$JS.API.INFO', '$SRV.PING'],
      auditor: [
        ...log,
        ...writes,
        'jl.main.cmd.ada.1.conf-7.join',
        'jl.main.node.ada.beat',
        'jl.main.data.ada.conf-7.1.all.run1.3',
        '_INBOX.ada.forged',
        '_INBOX.auditor.forged',
        '_R_.forged',
      ],
    }),
  )('to %s on %s', async (who, subject) => {
    const before = await state();
    const { connection, denied } = known(who);
    connection.publish(subject, '{}', { reply: stored });
    await connection.flush();
    expect(await eventually(() => denied.length > 0, 1_000)).toBe(true);
    expect(denied).toEqual([`publish ${subject}`]);
    await services.flush();
    expect(heard).toEqual([]);
    expect(await state()).toEqual(before);
  });
});

describe('listening is denied', () => {
  const others = [
    '>',
    'jl.>',
    'jl.main.cmd.>',
    'jl.main.node.>',
    'jl.main.evt.>',
    '$JS.>',
    '$SRV.>',
  ];
  it.each(
    table({
      ada: [
        ...others,
        'jl.main.fd.bob',
        'jl.main.fd.*',
        'jl.main.parked.>',
        'jl.*.fd.>',
        'jl.main.fd.ada.more',
        'jl.main.data.>',
        'jl.main.data.*.conf-7.>',
        'jl.main.data.*.conf-7.1.to.bob.>',
        'jl.main.data.*.*.*.to.*.>',
        'jl.main.data.*.*.*.*.>',
        '_INBOX.>',
        '_INBOX.*.x',
        '_INBOX.bob.>',
        '_R_.>',
      ],
      eve: ['jl.main.fd.eve', 'jl.*.fd.eve', 'jl.other.fd.ada', 'jl.main.data.*.*.*.all.>'],
      development: [...others, '_R_.>'],
      auditor: ['>', '_INBOX.>', '_INBOX.ada.>', '_R_.>', '$JS.>', '$SRV.>'],
    }),
  )('to %s on %s', async (who, subject) => {
    const { connection, denied } = known(who);
    const messages: string[] = [];
    const subscription = connection.subscribe(subject, { callback: hear(messages) });
    await connection.flush();
    expect(await eventually(() => denied.length > 0, 1_000)).toBe(true);
    expect(denied).toEqual([`subscription ${subject}`]);

    for (const told of log) services.publish(told, 'for others');
    await services.flush();
    await known('bob').connection.request('jl.main.cmd.bob.1.conf-7.join');
    await connection.flush();
    expect(messages).toEqual([]);
    subscription.unsubscribe();
  });

  it.each(['jl.main.evt.>', 'jl.main.cmd.>', 'jl.>'])(
    'to the auditor in a queue group on %s: it would take messages away',
    async (subject) => {
      const { connection, denied } = known('auditor');
      const subscription = connection.subscribe(subject, { queue: 'arbiters', callback: hear([]) });
      await connection.flush();
      expect(await eventually(() => denied.length > 0, 1_000)).toBe(true);
      expect(denied).toEqual([`subscription ${subject} arbiters`]);
      subscription.unsubscribe();
    },
  );
});

describe('a request whose answer is meant for the log', () => {
  it.each(
    table({
      ada: ['jl.main.cmd.ada.1.conf-7.join', 'jl.main.node.ada.start'],
      development: ['jl.main.cmd.ada.1.conf-7.join'],
      auditor: [
        '$JS.API.INFO',
        '$JS.API.STREAM.NAMES',
        '$JS.API.STREAM.INFO.JL_EVENTS_0',
        '$JS.API.STREAM.MSG.GET.JL_EVENTS_0',
        '$JS.API.DIRECT.GET.JL_EVENTS_0',
        '$JS.API.DIRECT.GET.JL_EVENTS_0.jl.main.evt.1.conf-7',
        '$JS.API.CONSUMER.LIST.JL_EVENTS_0',
        '$SRV.PING',
      ],
    }),
  )('leaves no event: %s asks %s', async (who, subject) => {
    const before = await state();
    const { connection } = known(who);
    for (const reply of log) connection.publish(subject, '{"seq":1}', { reply });
    await connection.flush();
    await services.flush();
    expect(await state()).toEqual(before);
  });
});

describe('session data', () => {
  const spoken = 'jl.main.data.ada.conf-7.1.all.run1.3';
  const aside = 'jl.main.data.ada.conf-7.1.to.bob.run1.4.run1.3';

  it('goes from node to node, whoever speaks under its own name', async () => {
    const [ada, bob] = [known('ada').connection, known('bob').connection];
    const [all, private_]: [string[], string[]] = [[], []];
    const subscriptions = [
      bob.subscribe('jl.main.data.*.conf-7.*.all.>', { callback: hear(all) }),
      bob.subscribe('jl.main.data.*.*.*.to.bob.>', { callback: hear(private_) }),
    ];
    await bob.flush();
    ada.publish(spoken, 'to everybody');
    ada.publish(aside, 'to bob');
    await ada.flush();
    expect(await eventually(() => all.length + private_.length > 1)).toBe(true);
    expect([all, private_]).toEqual([[spoken], [aside]]);
    expect([...known('ada').denied, ...known('bob').denied]).toEqual([]);
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  it('is heard by no service, and a side chat by nobody else', async () => {
    const messages: string[] = [];
    const { connection } = known('ada');
    const subscription = connection.subscribe('jl.main.data.*.*.*.to.ada.>', {
      callback: hear(messages),
    });
    await connection.flush();
    known('bob').connection.publish('jl.main.data.bob.conf-7.1.to.carol.run1.4.run1.3', 'psst');
    known('bob').connection.publish('jl.main.data.bob.conf-7.1.to.ada.run1.4.run1.3', 'hello');
    expect(await eventually(() => messages.length > 0)).toBe(true);
    expect(messages).toEqual(['jl.main.data.bob.conf-7.1.to.ada.run1.4.run1.3']);
    await services.flush();
    expect(heard).toEqual([]);
    subscription.unsubscribe();
  });
});

describe('a node', () => {
  it.each([
    ['ada', 'jl.main.cmd.ada.1.conf-7.join'],
    ['ada', 'jl.other.cmd.ada.1.conf-7.join'],
    ['ada', 'jl.main.node.ada.start'],
    ['eve', 'jl.other.cmd.eve.1.conf-7.join'],
    ['development', 'jl.main.cmd.carl.1.conf-7.join'],
    ['development', 'jl.main.node.dora.start'],
  ] as const)('%s is answered on %s', async (who, subject) => {
    const answered = await known(who).connection.request(subject, 'please');
    expect(answered.string()).toBe(`heard ${subject}`);
    expect(heard).toEqual([subject]);
    expect(known(who).denied).toEqual([]);
  });

  it('can say that it lives and wait for no answer', async () => {
    const { connection } = known('ada');
    connection.publish('jl.main.node.ada.beat');
    await connection.flush();
    expect(await eventually(() => heard.length > 0)).toBe(true);
    expect(heard).toEqual(['jl.main.node.ada.beat']);
  });

  it('hears at once that no service is there', async () => {
    await using empty = await startNatsServer();
    const connection = await connect({ ...empty.credentials.nodes, inboxPrefix: nodeInbox('ada') });
    const auditor = await connect({ ...empty.credentials.auditor, inboxPrefix: '_INBOX.auditor' });
    auditor.subscribe('jl.>'); // Nor does somebody who only looks on change that.
    await auditor.flush();
    const asked = connection.request('jl.main.cmd.ada.1.conf-7.join', '', { timeout: 5_000 });
    await expect(asked).rejects.toThrow(/no responders/);
    await connection.close();
    await auditor.close();
  });

  it('hears its own notifications, which are stored too, and nobody else does', async () => {
    const { messages: before } = (await manager.streams.info('JL_NOTIFICATIONS')).state;
    const own: string[] = [];
    const any: string[] = [];
    const bobs: string[] = [];
    const subscriptions = [
      known('ada').connection.subscribe('jl.main.fd.ada', { callback: hear(own) }),
      known('development').connection.subscribe('jl.*.fd.*', { callback: hear(any) }),
      known('bob').connection.subscribe('jl.*.fd.bob', { callback: hear(bobs) }),
    ];
    for (const { connection } of clients.values()) await connection.flush();

    const ack = await jetstream(services).publish('jl.main.fd.ada', 'FD_CONNECT');
    for (const { connection } of clients.values()) await connection.flush();
    expect(ack.stream).toBe('JL_NOTIFICATIONS');
    expect((await manager.streams.info('JL_NOTIFICATIONS')).state.messages).toBe(before + 1);
    expect([own, any, bobs]).toEqual([['jl.main.fd.ada'], ['jl.main.fd.ada'], []]);
    for (const subscription of subscriptions) subscription.unsubscribe();
  });
});

describe('the auditor', () => {
  it('reads the log by its position, by its subject, and in batches', async () => {
    const reading = await jetstreamManager(known('auditor').connection);
    expect((await reading.streams.info('JL_EVENTS_0')).config.name).toBe('JL_EVENTS_0');
    expect(await names(reading.streams.names())).toEqual(Object.keys(streams).sort());
    const message = await reading.streams.getMessage('JL_EVENTS_0', { last_by_subj: stored });
    expect(message?.subject).toBe(stored);
    const first = await reading.direct.getMessage('JL_EVENTS_0', { seq: 1 });
    expect(first?.string()).toBe('first');
    const batch = [];
    for await (const { seq } of await reading.direct.getBatch('JL_EVENTS_0', {
      seq: 1,
      batch: 3,
    })) {
      batch.push(seq);
    }
    expect(batch).toEqual([1, 2, 3]);
    expect(known('auditor').denied).toEqual([]);
  });

  it('watches everything as it happens', async () => {
    const seen: string[] = [];
    const { connection } = known('auditor');
    const subscription = connection.subscribe('jl.>', { callback: hear(seen) });
    await connection.flush();
    for (const subject of log) services.publish(subject, 'happened');
    await services.flush();
    expect(await eventually(() => seen.length >= log.length, 1_000)).toBe(true);
    expect(seen).toEqual(log);
    subscription.unsubscribe();
  });

  it('asks services who they are', async () => {
    const answered = await known('auditor').connection.request('$SRV.PING');
    expect(answered.string()).toBe('heard $SRV.PING');
  });
});

function asNode(node: string): NatsCredentials {
  return { servers: [server.url], user: nodeUserName(node), pass: password };
}

async function client(credentials: NatsCredentials, inboxPrefix: string): Promise<Client> {
  const connection = await connect({ ...credentials, inboxPrefix });
  const denied: string[] = [];
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type !== 'error' || !(status.error instanceof PermissionViolationError)) continue;
      const { operation, subject, queue } = status.error;
      denied.push([operation, subject, ...(queue === undefined ? [] : [queue])].join(' '));
    }
  })();
  return { connection, denied };
}

function known(who: Who): Client {
  const found = clients.get(who);
  if (found === undefined) throw new Error(`${who} is not connected`);
  return found;
}

function answer(subject: string): void {
  services.subscribe(subject, {
    callback: (_error, message) => {
      heard.push(message.subject);
      message.respond(`heard ${message.subject}`);
    },
  });
}

function hear(into: string[]): (error: Error | null, message: Msg) => void {
  return (error, message) => {
    if (error === null) into.push(message.subject);
  };
}

function table(attempts: Partial<Record<Who, readonly string[]>>): (readonly [Who, string])[] {
  const rows = Object.entries(attempts) as [Who, readonly string[]][];
  return rows.flatMap(([who, subjects]) => subjects.map((subject) => [who, subject] as const));
}

// What a writer could have changed: which streams there are, how they are set up, what they hold.
async function state(): Promise<unknown> {
  const found = [];
  for await (const { config, state } of manager.streams.list()) found.push({ config, state });
  return found;
}

async function names(list: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const name of list) found.push(name);
  return found.sort();
}
