import { Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { Health } from './health.js';
import { NestLog, type Log } from './log.js';
import { Metrics } from './metrics.js';
import { ProbesController } from './probes.controller.js';
import type { ServiceSettings } from './service-config.js';
import type { AssembledProgram } from './program.js';
import { WsaErrorFilter } from './wsa-error.filter.js';

/** A service's module with what every service has: probes, metrics and worded errors. */
@Module({})
class KitModule {}

export interface Listening {
  readonly app: INestApplication;
  /** Null when HTTP is off. */
  readonly port: number | null;
  readonly host: string;
}

interface Parts {
  readonly assembled: AssembledProgram;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly config: ServiceSettings;
}

/** Makes the Nest application, hears requests, and serves HTTP. */
export async function startHttp(parts: Parts): Promise<Listening> {
  const { assembled, log, config } = parts;
  const app = await NestFactory.create(withKit(parts), {
    logger: new NestLog(log),
    abortOnError: false,
    forceCloseConnections: true, // An open stream of events must not keep the process alive.
  });
  if (assembled.requests !== undefined) {
    app.connectMicroservice({ strategy: assembled.requests }, { inheritAppConfig: true });
    await app.startAllMicroservices();
  }
  const { httpHost: host, httpPort } = config;
  if (httpPort === 'off') return { app, port: null, host };
  await app.listen(httpPort, host);
  const address = (app.getHttpServer() as { address(): AddressInfo | string | null }).address();
  return { app, port: typeof address === 'object' ? (address?.port ?? null) : null, host };
}

/** Where HTTP is served, as the line `ready` tells it. */
export const listening = ({ port, host }: Listening) =>
  port === null
    ? {}
    : {
        httpPort: port,
        httpUrl: `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`,
      };

const withKit = ({ assembled, health, metrics }: Parts): DynamicModule => ({
  module: KitModule,
  imports: [assembled.module],
  controllers: [ProbesController],
  providers: [
    { provide: Health, useValue: health },
    { provide: Metrics, useValue: metrics },
    { provide: APP_FILTER, useClass: WsaErrorFilter },
  ],
});
