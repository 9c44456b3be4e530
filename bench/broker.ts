import {
  startNatsServer,
  useNatsServer,
  type NatsServerInUse,
  type RunningNatsServer,
} from '@joinleaf/nats-server';
import { connect } from '@nats-io/transport-node';
import { endWithBench } from './leftovers.js';

type Sync = 'always' | '2m';

/** The broker to measure on: the one that NATS_URL names, or one of our own that syncs as asked for. */
export async function startBroker(sync: Sync): Promise<NatsServerInUse> {
  const broker = await endingWithBench(() => useNatsServer({ sync }));
  if (broker.kind === 'own') await mustSync(broker, sync);
  return broker;
}

/** A broker of our own, whatever NATS_URL says, with its store in this folder. */
export async function startOwnBroker(sync: Sync, storeDir: string): Promise<RunningNatsServer> {
  const broker = await endingWithBench(() => startNatsServer({ sync, storeDir }));
  await mustSync(broker, sync);
  return broker;
}

function endingWithBench<B extends NatsServerInUse>(start: () => Promise<B>): Promise<B> {
  const starting = Promise.withResolvers<B>();
  endWithBench(async () => (await starting.promise).stop());
  start().then(starting.resolve, starting.reject);
  return starting.promise;
}

interface Varz {
  readonly data: {
    readonly jetstream: {
      readonly config: { readonly sync_interval?: number; readonly sync_always?: boolean };
    };
  };
}

const nanosecondsPerMinute = 60e9;

/** Asks the broker when it syncs what it stores: figures are worth nothing under the wrong name. */
async function mustSync(broker: RunningNatsServer, sync: Sync): Promise<void> {
  const nc = await connect({ ...broker.credentials.sys });
  const reply = await nc.request('$SYS.REQ.SERVER.PING.VARZ').finally(() => nc.close());
  const { sync_always, sync_interval = NaN } = reply.json<Varz>().data.jetstream.config;
  const found =
    sync_always === true ? 'always' : `${String(sync_interval / nanosecondsPerMinute)}m`;
  if (found === sync) return;
  await broker.stop();
  throw new Error(`the broker was to sync ${sync}, and says that it does ${found}`);
}
