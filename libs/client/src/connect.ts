import { connectDataBytesMax, Subjects } from '@joinleaf/wire';
import type { Joinleaf } from './api.js';
import { Asker } from './asker.js';
import { Broker, type Dial } from './broker.js';
import { DataPlane } from './data-plane.js';
import { JoinleafRefusal } from './errors.js';
import { Hearing } from './hearing.js';
import { NodeClient } from './node-client.js';
import { settingsOf, type ConnectOptions, type Settings } from './options.js';
import { Provider } from './provider.js';
import { refusedThere } from './refused.js';
import { Counters } from './stats.js';
import { realWorld, type World } from './world.js';

/**
 * Connects as a node, and starts a new run of it: whatever run was there under its name is over.
 *
 * @throws BadArgument before anything is sent; JoinleafError WSAENETDOWN when no broker or no service answers in
 *   `callTimeoutMs`, WSAEACCES when the broker refuses the credentials; JoinleafRefusal when the service
 *   refuses; the signal's reason when it is aborted.
 */
export const connect = (options: ConnectOptions): Promise<Joinleaf> =>
  connectIn(realWorld, options);

/** The same in a world of the caller's: its clock, timers and chance, and its way to a broker if it has one. */
export async function connectIn(
  world: World,
  options: ConnectOptions,
  dial?: Dial,
): Promise<Joinleaf> {
  if (typeof Promise.withResolvers !== 'function') {
    throw new Error(`@joinleaf/client needs Node.js 22 or newer, this is ${process.version}`);
  }
  const settings = settingsOf(options);
  const { signal } = options;
  const withinMs = settings.callTimeoutMs;
  const broker = await Broker.open(settings, world, { withinMs, signal, dial });
  try {
    return await startRun({ settings, world, broker, signal });
  } catch (error) {
    await broker.close(world, 1_000);
    throw error;
  }
}

interface Starting {
  readonly settings: Settings;
  readonly world: World;
  readonly broker: Broker;
  readonly signal: AbortSignal | undefined;
}

async function startRun({ settings, world, broker, signal }: Starting): Promise<NodeClient> {
  const { realm, node, descriptorMax, requestTimeoutMs, callTimeoutMs } = settings;
  const subjects = new Subjects(realm);
  const counters = new Counters();
  const incarnation = world.newIncarnation();
  const timing = { requestTimeoutMs, callTimeoutMs };
  const asker = new Asker({ broker, subjects, node, incarnation, world, counters, ...timing });
  const started = await asker.start(settings.boundMs, { signal });
  if (!started.ok) throw new JoinleafRefusal(refusedThere(started));

  const gone = Promise.withResolvers<string>();
  const provider = new Provider({
    identity: { node, incarnation, descriptorMax, connectDataMax: connectDataBytesMax },
    asker,
    data: new DataPlane({ broker, subjects, node, counters, world }),
    counters,
    world,
    callTimeoutMs,
    fenced: ({ message }) => {
      gone.resolve(message);
    },
  });
  const hearing = new Hearing({
    broker,
    asker,
    counters,
    world,
    subject: subjects.notifications(node),
    tell: (told) => {
      provider.hear(told);
    },
    tellWaiting: (told) => {
      provider.hearWaiting(told);
    },
    lost: (why) => {
      gone.resolve(typeof why === 'string' ? 'notifications are missing for good' : why.message);
    },
  });
  await hearing.start({ signal });
  const { boundMs, beatMs } = started;
  const parts = { settings, world, broker, asker, provider, hearing, counters, boundMs, beatMs };
  const client = new NodeClient(parts);
  void gone.promise.then((message) => {
    client.fenced(message);
  });
  return client;
}
