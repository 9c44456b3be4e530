import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { natsForTests } from '@joinleaf/nats-server';
import {
  decode,
  encode,
  partitionOf,
  replySchema,
  Subjects,
  type RefusedReply,
} from '@joinleaf/wire';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Command, NodeRequest } from './handlers.js';
import { createLog } from './log.js';
import { NatsRequests } from './nats-requests.js';
import type { CommandRequest, NodeMessage } from './request.js';

const nats = natsForTests({ beforeAll, afterAll });
const subjects = new Subjects('main');
const join = subjects.command('ada', 'conf-7' as never, 'join');

/** Holds every join until it is let go. */
class Gate {
  waiting: (() => void)[] = [];
  open = false;
  async pass(): Promise<void> {
    if (!this.open) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
  letGo(): void {
    this.open = true;
    for (const each of this.waiting.splice(0)) each();
  }
}

let gate = new Gate();
let beats: NodeMessage[] = [];

@Controller()
class Commands {
  @Command('join')
  async join(request: CommandRequest) {
    await gate.pass();
    return { heard: request.session, by: request.node, bytes: request.data.length };
  }
  @Command('open')
  open() {
    return encode({ already: 'encoded' });
  }
  @Command('close')
  close(): never {
    throw new Error('a bug');
  }
  @Command('accept')
  forgets() {
    return undefined;
  }
  @NodeRequest('beat')
  beat(message: NodeMessage) {
    beats.push(message);
    return message.node === 'eve' ? { fenced: message.node } : undefined;
  }
  @NodeRequest('start')
  start(message: NodeMessage) {
    return { started: message.node, wantsReply: message.wantsReply };
  }
}

@Module({ controllers: [Commands] })
class CommandsModule {}

const lines: string[] = [];
let nc: NatsConnection;
let caller: NatsConnection;
let app: INestMicroservice;
let requests: NatsRequests;

async function serve(inFlightMax = 100): Promise<void> {
  gate = new Gate();
  beats = [];
  lines.length = 0;
  nc = await connect(nats().credentials.services);
  caller = await connect(nats().credentials.services);
  const log = createLog({
    service: 'test',
    version: '0.0.0',
    level: 'info',
    format: 'json',
    write: (line) => lines.push(line),
  });
  const heard = [subjects.commands(), subjects.nodes('beat'), subjects.nodes('start')];
  requests = new NatsRequests({
    nc,
    subjects: heard.map((subject) => ({ subject })),
    inFlightMax,
    log,
  });
  app = await NestFactory.createMicroservice(CommandsModule, { strategy: requests, logger: false });
  await app.listen();
}

afterEach(async () => {
  gate.letGo();
  await app.close();
  await nc.drain();
  await caller.drain();
});

const ask = async (subject: string, body: unknown = {}): Promise<unknown> =>
  (await caller.request(subject, encode(body), { timeout: 5_000 })).json();

async function refused(subject: string): Promise<RefusedReply> {
  const answer = await caller.request(subject, encode({}), { timeout: 5_000 });
  const reply = decode(replySchema, answer.data, 10_000);
  if (!reply.ok || reply.value.ok) throw new Error('was not refused');
  return reply.value;
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('NatsRequests', () => {
  it('routes a command to its handler, with what the subject says', async () => {
    await serve();
    gate.letGo();
    expect(await ask(join, { a: 1 })).toEqual({ heard: 'conf-7', by: 'ada', bytes: 7 });
    expect(requests.counters).toMatchObject({ received: 1, answered: 1, inFlight: 0 });
  });

  it('sends bytes as they are', async () => {
    await serve();
    expect(await ask(join.replace('.join', '.open'))).toEqual({ already: 'encoded' });
  });

  it('hears a node, and answers only who asked', async () => {
    await serve();
    expect(await ask(subjects.node('ada', 'start'))).toEqual({ started: 'ada', wantsReply: true });
    caller.publish(subjects.node('ada', 'beat'), encode({}));
    await until(() => beats.length === 1);
    expect(beats[0]).toMatchObject({ node: 'ada', verb: 'beat', wantsReply: false });
  });

  it.each([
    ['a partition that is not the session’s', 'jl.main.cmd.ada.00.conf-7.join'],
    ['a name that is none', 'jl.main.cmd.a$b.31.conf-7.join'],
    ['a verb that is none', join.replace('.join', '.explode')],
    ['too many tokens', `${join}.more`],
  ])('[H11] refuses %s', async (_, subject) => {
    await serve();
    expect(await refused(subject)).toMatchObject({
      code: 'WSAEFAULT',
      number: 10_014,
      rule: 'H11',
    });
    expect(requests.counters).toMatchObject({ malformed: 1, answered: 0 });
  });

  it('[H11] refuses a verb that nobody here answers', async () => {
    await serve();
    expect(await refused(join.replace('.join', '.listen'))).toMatchObject({ rule: 'H11' });
  });

  it('[E2] says so when a handler throws, and logs why', async () => {
    await serve();
    const reply = await refused(join.replace('.join', '.close'));
    expect(reply).toMatchObject({ code: 'WSAENETDOWN', rule: 'E2', retry: 'unknown' });
    expect(JSON.stringify(reply)).not.toContain('a bug');
    expect(lines.join('')).toContain('cmd.close');
    expect(requests.counters).toMatchObject({ failed: 1, inFlight: 0 });
  });

  it('[E2] answers even when a handler forgot to', async () => {
    await serve();
    expect(await refused(join.replace('.join', '.accept'))).toMatchObject({ rule: 'E2' });
  });

  it('answers a beat only when there is something to say', async () => {
    await serve();
    const quiet = caller.request(subjects.node('ada', 'beat'), encode({}), { timeout: 300 });
    expect(await ask(subjects.node('eve', 'beat'))).toEqual({ fenced: 'eve' });
    await expect(quiet).rejects.toThrow();
    expect(requests.counters).toMatchObject({ received: 2, failed: 0, inFlight: 0 });
  });

  it('hears more subjects while it runs, and others no longer', async () => {
    await serve();
    gate.letGo();
    const own = partitionOf('conf-7' as never);
    const partition = { subject: subjects.commands(own), queue: 'arbiter' };
    await requests.unsubscribe(subjects.commands());
    await expect(ask(join)).rejects.toThrow('no responders');
    await requests.subscribe(partition, { subject: subjects.commands('63'), queue: 'arbiter' });
    expect(requests.heard).toHaveLength(4);
    expect(await ask(join)).toMatchObject({ heard: 'conf-7' });
    await requests.unsubscribe(partition.subject, subjects.commands('63'));
    await expect(ask(join)).rejects.toThrow('no responders');
  });

  it('[H13] refuses at once what is more than it can hold, but hears beats', async () => {
    await serve(3);
    const held = [ask(join), ask(join), ask(join)];
    await until(() => requests.counters.inFlight === 3);
    expect(await refused(join)).toMatchObject({ code: 'WSAENOBUFS', rule: 'H13', retry: 'later' });
    caller.publish(subjects.node('ada', 'beat'), encode({}));
    await until(() => beats.length === 1);
    gate.letGo();
    expect(await Promise.all(held)).toHaveLength(3);
    expect(requests.counters).toMatchObject({ overloaded: 1, answered: 3, inFlight: 0 });
  });

  it('hears further subjects, and others no longer', async () => {
    await serve();
    gate.letGo();
    const elsewhere = new Subjects('other').command('ada', 'conf-7' as never, 'join');
    await expect(ask(elsewhere)).rejects.toThrow();
    await requests.subscribe({ subject: 'jl.other.cmd.>' });
    expect(await ask(elsewhere)).toMatchObject({ heard: 'conf-7' });
    await requests.unsubscribe('jl.other.cmd.>');
    await expect(ask(elsewhere)).rejects.toThrow();
  });

  describe('drain', () => {
    it('answers everything it took, under load', async () => {
      await serve(10_000);
      gate.letGo();
      let answered = 0;
      let refusedByNobody = 0;
      let going = true;
      const callers = Array.from({ length: 50 }, async () => {
        while (going) {
          await ask(join).then(
            () => (answered += 1),
            () => (refusedByNobody += 1),
          );
        }
      });
      await until(() => answered > 500);
      expect(await requests.drain()).toEqual({ unanswered: 0 });
      const taken = requests.counters.received;
      going = false;
      await Promise.all(callers);
      expect(answered).toBe(taken);
      expect(requests.counters).toMatchObject({ received: taken, answered: taken, inFlight: 0 });
    });

    it('waits for a handler that takes its time', async () => {
      await serve();
      const held = ask(join);
      await until(() => requests.counters.inFlight === 1);
      const drained = requests.drain(AbortSignal.timeout(10_000));
      setTimeout(() => {
        gate.letGo();
      }, 50);
      expect(await drained).toEqual({ unanswered: 0 });
      expect(await held).toMatchObject({ heard: 'conf-7' });
    });

    it('[H12] tells who still waits that the outcome is unknown, when the grace ends first', async () => {
      await serve();
      const held = refused(join);
      await until(() => requests.counters.inFlight === 1);
      expect(await requests.drain(AbortSignal.timeout(50))).toEqual({ unanswered: 1 });
      expect(await held).toMatchObject({ code: 'WSAEINPROGRESS', rule: 'H12', retry: 'unknown' });
      gate.letGo(); // What comes late is dropped, and answers nobody twice.
      await until(() => requests.figures.of('cmd.join').requests === 1);
      expect(requests.counters.answered).toBe(0);
    });
  });
});
