import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { places } from '@joinleaf/launcher';
import { inboxPrefixOf, Subjects } from '@joinleaf/wire';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startBroker } from './broker.js';
import type { Process } from './cpu-times.js';
import { asEnvironment, type Credentials } from './credentials.js';
import type { Profiles } from './profiles.js';
import { startProgram } from './program.js';
import { startService } from './services.js';

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
  /** Null where none was measured. */
  readonly natsServer: string | null;
  readonly joinleaf: string;
  readonly durability: string;
  readonly cores: number;
  readonly cpu: string;
  readonly services: readonly string[];
}

export const conditionsOf = (
  natsServer: string | null,
  durability: string,
  services: readonly string[],
): Conditions => ({
  node: process.version,
  natsServer,
  joinleaf: joinleafVersion(),
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
  readonly profiles: Profiles | null;
}

export async function setStage(options: StageOptions): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startBroker(options.sync));
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
      profiles: options.profiles,
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
    conditions: conditionsOf(serverOf(services), broker.durability, names),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startResponder(
  stack: AsyncDisposableStack,
  credentials: Credentials,
): Promise<number> {
  const responder = await startProgram({
    name: 'echo responder',
    file: join(import.meta.dirname, 'echo-responder.js'),
    words: [echoSubject, 'jl.echo.cmd.>'],
    environment: asEnvironment(credentials),
    ready: 'ready',
  });
  stack.defer(() => responder.kill());
  return responder.pid ?? NaN;
}

/** Which nats-server answers there. */
export const serverOf = ({ info }: NatsConnection): string => info?.version ?? 'unknown';

function joinleafVersion(): string {
  const manifest = readFileSync(join(places.root, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
