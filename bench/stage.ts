import { cpus } from 'node:os';
import { join } from 'node:path';
import { endingWithParent, Program } from '@joinleaf/launcher';
import { useNatsServer } from '@joinleaf/nats-server';
import { inboxPrefixOf, Subjects } from '@joinleaf/wire';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Process } from './cpu-times.js';
import { startService, type Credentials } from './services.js';

export const realm = 'bench';

/** Everything a measurement stands on: a broker, our services and the echo responder as processes. */
export interface Stage extends AsyncDisposable {
  /** In the services' account. */
  readonly services: NatsConnection;
  /** In the nodes' account, as the development user. */
  readonly nodes: NatsConnection;
  readonly nodeCredentials: Credentials;
  readonly subjects: Subjects;
  readonly conditions: Conditions;
  /** Everybody who takes part, this process too. */
  readonly processes: readonly Process[];
}

export interface Conditions {
  readonly node: string;
  readonly natsServer: string;
  readonly joinleaf: string;
  readonly durability: string;
  readonly cores: number;
  readonly cpu: string;
  readonly services: readonly string[];
}

export const conditionsOf = (
  natsServer: string | undefined,
  durability: string,
  services: readonly string[],
): Conditions => ({
  node: process.version,
  natsServer: natsServer ?? 'unknown',
  joinleaf: '0.1.0',
  durability,
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  services,
});

export const echoSubject = 'bench.echo';
export const echoAcrossSubject = `jl.echo.cmd.bench.00.nobody.join`;

export interface StageOptions {
  readonly sync: 'always' | '2m';
  readonly notifier: boolean;
  readonly profile: string | null;
}

export async function setStage(options: StageOptions): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const broker = await useNatsServer({ sync: options.sync });
  stack.use(broker);
  const { services: own, nodes: theirs } = broker.credentials;
  const services = await connect({ ...own });
  stack.defer(() => services.drain());
  const nodes = await connect({ ...theirs, inboxPrefix: inboxPrefixOf('bench') });
  stack.defer(() => nodes.drain());
  const processes: Process[] = [{ name: 'load', pid: process.pid }];
  if (broker.kind === 'own') processes.push({ name: 'broker', pid: broker.pid });
  processes.push({ name: 'responder', pid: await startResponder(stack, own) });
  const names = options.notifier ? ['session', 'notifier'] : ['session'];
  for (const name of names) {
    const service = await startService(own, {
      name,
      service: name,
      realm,
      profile: options.profile,
    });
    stack.defer(() => service.stop());
    if (service.pid !== undefined) processes.push({ name, pid: service.pid });
  }
  const kept = stack.move();
  return {
    services,
    nodes,
    nodeCredentials: theirs,
    subjects: new Subjects(realm),
    processes,
    conditions: conditionsOf(services.info?.version, broker.durability, names),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startResponder(
  stack: AsyncDisposableStack,
  credentials: Credentials,
): Promise<number> {
  const { servers, user = '', pass = '' } = credentials;
  const ready = Promise.withResolvers<undefined>();
  const responder = new Program({
    name: 'echo responder',
    words: [
      ...endingWithParent,
      join(import.meta.dirname, 'echo-responder.js'),
      servers.join(','),
      user,
      pass,
      echoSubject,
      'jl.echo.cmd.>',
    ],
    environment: process.env,
    onLine: (line) => {
      if (line === 'ready') ready.resolve(undefined);
    },
  });
  stack.defer(() => responder.kill());
  await Promise.race([ready.promise, responder.lives]);
  return responder.pid ?? NaN;
}

/** Which nats-server answers there. */
export async function serverVersion(credentials: Credentials): Promise<string | undefined> {
  const nc = await connect({ ...credentials, servers: [...credentials.servers] });
  const { info } = nc;
  await nc.close();
  return info?.version;
}
