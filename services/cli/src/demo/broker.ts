import { randomBytes } from 'node:crypto';
import { BrokerUnreachable, connectBroker } from '@joinleaf/jetstream-log';
import { useNatsServer, type NatsServerInUse } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { jetstreamManager } from '@nats-io/jetstream';

export interface BrokerOptions {
  /** Where a server of our own keeps its data; null for a temporary folder. */
  readonly store: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onProgress: (message: string) => void;
  readonly onDeath: (message: string) => void;
}

/** The broker that a demo plays on, and the realm that is its own there. */
export interface Broker {
  readonly nats: NatsServerInUse;
  readonly realm: string;
  /** In a few words, for a person: which server, where, and what becomes of the data. */
  readonly words: string;
  /** Ends it, or leaves somebody else's as it was found. */
  stop(): Promise<void>;
}

/**
 * A nats-server of our own, or the one that NATS_URL names. There each demo gets a realm of its own,
 * which goes when it ends; with JOINLEAF_REALM it takes that one and leaves what it wrote.
 */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const { store, environment, onProgress, onDeath } = options;
  const { JOINLEAF_REALM: named } = environment;
  const nats = await useNatsServer({
    ...(store === null ? {} : { storeDir: store }),
    environment,
    onProgress,
    onDeath,
  });
  if (nats.kind === 'own') {
    const kept = store === null ? 'a temporary store' : `its store in ${store}`;
    const words = `nats-server ${nats.version} at ${nats.url}, ${nats.durability}, ${kept}`;
    return { nats, realm: named ?? 'main', words, stop: () => nats.stop() };
  }
  await assertUsable(nats);
  const realm = named ?? `demo-${randomBytes(4).toString('hex')}`;
  const words = `the nats-server of NATS_URL at ${nats.url}, realm ${realm}`;
  const stop = named === undefined ? () => removeStreams(nats, realm) : () => nats.stop();
  return { nats, realm, words, stop };
}

// Somebody else's server is looked at first: what is wrong with it is then said once, and at once.
async function assertUsable({ url, credentials }: NatsServerInUse): Promise<void> {
  const { services } = credentials;
  if (services.token !== undefined) {
    throw new Error('NATS_URL must name a user and a password, or neither: a token does not do');
  }
  const broker = await connectBroker({ ...services, name: 'joinleaf-demo' }).catch(
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`NATS_URL is ${url}: ${reason}`, { cause: error });
    },
  );
  await broker.close();
}

// What is left behind when that server does not answer any more is not ours to mend.
async function removeStreams({ credentials }: NatsServerInUse, realm: string): Promise<void> {
  try {
    await using broker = await connectBroker({ ...credentials.services, name: 'joinleaf-demo' });
    const manager = await jetstreamManager(broker.nc, { checkAPI: false });
    const names = Object.values(new Subjects(realm).streams);
    await Promise.allSettled(names.map((name) => manager.streams.delete(name)));
  } catch (error) {
    if (!(error instanceof BrokerUnreachable)) throw error;
  }
}
