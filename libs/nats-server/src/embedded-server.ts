import { rm } from 'node:fs/promises';

import { urlOf, type NatsCredentials } from './credentials.js';
import { listen, type Listening, type PortWish } from './listen.js';
import { serverConf, type ServerConf, type ServerPasswords } from './server-conf.js';
import { logTail, type ServerLife, type ServerPlaces } from './server-life.js';
import type { RunningNatsServer } from './running-server.js';
import { assertStoreIsFree } from './store-owner.js';

/** All that stays the same over the lives of one server. */
export interface ServerSettings {
  readonly version: string;
  readonly places: ServerPlaces;
  readonly conf: ServerConf;
  readonly readyTimeoutMs: number;
  readonly onDeath: (message: string) => void;
}

const userOf: Readonly<Record<keyof ServerPasswords, string>> = {
  services: 'services',
  auditor: 'auditor',
  nodes: 'development',
  sys: 'sys',
};

/** A server that may be killed and started again in the same place. */
export class EmbeddedServer implements RunningNatsServer {
  readonly kind = 'own';
  readonly url: string;
  readonly servicesUrl: string;
  readonly auditorUrl: string;
  readonly nodesUrl: string;
  readonly credentials: Readonly<Record<keyof ServerPasswords, NatsCredentials>>;
  readonly port: number;
  readonly path: string;
  readonly version: string;
  readonly durability: RunningNatsServer['durability'];
  readonly storeDir: string;
  readonly logFile: string;

  private latest: ServerLife;
  private running = true;
  private turn: Promise<unknown> = Promise.resolve();

  /** Starts the first life. */
  static async start(settings: ServerSettings, wish: PortWish): Promise<EmbeddedServer> {
    return new EmbeddedServer(settings, await begin(settings, wish));
  }

  private constructor(
    private readonly settings: ServerSettings,
    { life, port }: Listening,
  ) {
    const { places, conf } = settings;
    this.port = port;
    this.url = `${conf.host}:${String(port)}`;
    this.servicesUrl = this.urlAs('services');
    this.auditorUrl = this.urlAs('auditor');
    this.nodesUrl = this.urlAs('nodes');
    this.credentials = {
      services: this.credentialsAs('services'),
      auditor: this.credentialsAs('auditor'),
      nodes: this.credentialsAs('nodes'),
      sys: this.credentialsAs('sys'),
    };
    this.path = places.command.at(-1) ?? '';
    this.version = settings.version;
    this.durability = `sync ${conf.sync}`;
    this.storeDir = conf.storeDir;
    this.logFile = places.logFile;
    this.latest = life;
    this.watch(life);
  }

  get pid(): number {
    return this.latest.pid;
  }

  get monitorUrl(): string | undefined {
    return this.latest.monitorUrl;
  }

  stop(): Promise<void> {
    return this.inTurn(async () => {
      await this.endWith((life) => life.end());
      await rm(this.settings.places.leftovers, { recursive: true, force: true });
    });
  }

  kill(): Promise<void> {
    return this.inTurn(() => this.endWith((life) => life.kill()));
  }

  restart(): Promise<void> {
    return this.inTurn(async () => {
      await this.endWith((life) => life.end());
      const { life } = await begin(this.settings, { kind: 'again', port: this.port });
      this.latest = life;
      this.running = true;
      this.watch(life);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async endWith(end: (life: ServerLife) => Promise<void>): Promise<void> {
    if (!this.running) return;
    this.running = false;
    await end(this.latest);
  }

  private watch(life: ServerLife): void {
    void life.ended.then(async (code) => {
      if (life !== this.latest || !this.running) return;
      this.running = false;
      const { logFile } = this.settings.places;
      this.settings.onDeath(
        `nats-server ended with code ${String(code)}\n${await logTail(logFile)}`,
      );
    });
  }

  // What is asked for while something else is still under way waits for it.
  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private credentialsAs(account: keyof ServerPasswords): NatsCredentials {
    const pass = this.settings.conf.passwords[account];
    return { servers: [this.url], user: userOf[account], pass };
  }

  private urlAs(account: keyof ServerPasswords): string {
    return urlOf(this.url, userOf[account], this.settings.conf.passwords[account]);
  }
}

async function begin(settings: ServerSettings, wish: PortWish): Promise<Listening> {
  const { places, conf, readyTimeoutMs } = settings;
  await assertStoreIsFree(conf.storeDir);
  return listen(places, (port) => serverConf(conf, port), wish, readyTimeoutMs);
}
