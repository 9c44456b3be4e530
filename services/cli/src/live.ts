import {
  BrokerRefusesUs,
  connectBroker,
  JetStreamDecisionLog,
  JetStreamLog,
  JetStreamNodeLog,
  JetStreamNotificationStore,
  JetStreamParkedLog,
  type Broker,
} from '@joinleaf/jetstream-log';
import { Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';
import { echoed, exitCodes, Trouble } from './exit-codes.js';
import type { Role, Settings } from './settings.js';

/** A connection to a realm, with its logs. */
export interface Live extends AsyncDisposable {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly events: JetStreamLog;
  readonly decisions: JetStreamDecisionLog;
  readonly nodes: JetStreamNodeLog;
  readonly notifications: JetStreamNotificationStore;
  readonly parked: JetStreamParkedLog;
  readonly settings: Settings;
}

export interface LiveOptions {
  readonly role: Role;
  readonly signal: AbortSignal;
  /** The connection was lost, or came back. */
  readonly onStatus?: (status: 'lost' | 'back') => void;
}

/**
 * Connects to the server that the settings name.
 *
 * @throws Trouble (unknown) that names the server when it does not answer in time or lets nobody in.
 */
export async function connectLive(settings: Settings, options: LiveOptions): Promise<Live> {
  const broker = await connected(settings, options);
  const { nc } = broker;
  const subjects = new Subjects(settings.realm);
  const reading = {
    nc,
    subjects,
    followBy: 'polling',
    readPatienceMs: settings.timeoutMs,
  } as const;
  return {
    nc,
    subjects,
    settings,
    events: new JetStreamLog(reading),
    decisions: new JetStreamDecisionLog(reading),
    nodes: new JetStreamNodeLog({ nc, subjects, followBy: 'polling' }),
    notifications: new JetStreamNotificationStore({ nc, subjects, followBy: 'polling' }),
    parked: new JetStreamParkedLog({ nc, subjects, followBy: 'polling' }),
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

async function connected(settings: Settings, options: LiveOptions): Promise<Broker> {
  const { user, pass } = settings.login(options.role);
  const { onStatus, signal } = options;
  let told = false;
  try {
    return await connectBroker({
      servers: settings.servers,
      user,
      pass,
      name: `joinleaf (${options.role})`,
      // The auditor may hear answers nowhere else.
      ...(user === 'auditor' ? { inboxPrefix: '_INBOX.auditor' } : {}),
      connectWithinMs: Math.min(settings.timeoutMs, connectPatienceMs),
      signal,
      onEvent: (event) => {
        if (event.kind === 'waiting' && !told) {
          told = true;
          settings.onWaiting?.();
        }
        if (event.kind === 'disconnected') onStatus?.('lost');
        if (event.kind === 'reconnected') onStatus?.('back');
      },
    });
  } catch (error) {
    throw signal.aborted ? error : unreachable(settings, user, error);
  }
}

const connectPatienceMs = 60_000;

function unreachable(settings: Settings, user: string | undefined, error: unknown): Trouble {
  const servers = settings.servers.join(', ');
  const reason = reasonOf(error);
  if (error instanceof BrokerRefusesUs) return refused(servers, user, reason);
  return new Trouble(exitCodes.unknown, `no connection to ${servers}: ${reason}`, [
    `that address is from ${settings.origin}`,
    'start one with `npm start`, or name yours: --servers HOST:PORT',
  ]);
}

function refused(servers: string, user: string | undefined, reason: string): Trouble {
  const who = user === undefined ? 'anybody without a login' : `user ${echoed(user)}`;
  const message = `the server ${servers} does not let in ${who}: ${reason}`;
  return new Trouble(exitCodes.unknown, message, [
    'it is there; the user or the password is wrong',
    'a login is from --user and --pass-file, else JOINLEAF_USER and JOINLEAF_PASS, else the context',
  ]);
}

/** The innermost message of an error. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
