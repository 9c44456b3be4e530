import { randomBytes } from 'node:crypto';
import { useNatsServer, type NatsServerInUse } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

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
  const realm = named ?? `demo-${randomBytes(4).toString('hex')}`;
  const words = `the nats-server of NATS_URL at ${nats.url}, realm ${realm}`;
  const stop = named === undefined ? () => removeStreams(nats, realm) : () => nats.stop();
  return { nats, realm, words, stop };
}

async function removeStreams({ credentials }: NatsServerInUse, realm: string): Promise<void> {
  const connection = await connect({ ...credentials.services, reconnect: false, timeout: 2_000 });
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const names = Object.values(new Subjects(realm).streams);
    await Promise.allSettled(names.map((name) => manager.streams.delete(name)));
  } finally {
    await connection.close();
  }
}
