import { connectBroker, type Broker } from '@joinleaf/jetstream-log';
import type { NatsConnection, Status } from '@nats-io/transport-node';
import { brokerTeller } from './broker-events.js';
import { NatsRequests } from './nats-requests.js';
import type { AssembledProgram, ProgramContext } from './program.js';
import { runProgram } from './run-program.js';
import { countBroker, countRequests, describeService } from './service-figures.js';
import { ServiceResponder } from './service-responder.js';
import type { Service } from './service.js';
import type { ServiceSettings } from './service-config.js';
import type { Host } from './stop-signals.js';

/**
 * Runs a program that answers requests on the broker: waits for the broker, answers requests and
 * `$SRV`, and at the end finishes the requests it took before it drains and leaves the broker.
 *
 * @see runProgram for the rest of its life.
 */
export async function runService<C extends ServiceSettings>(
  service: Service<C>,
  host: Host = process,
): Promise<void> {
  const assemble = (context: ProgramContext<C>) => onBroker(service, context);
  await runProgram({ ...service, assemble }, host);
}

async function onBroker<C extends ServiceSettings>(
  service: Service<C>,
  context: ProgramContext<C>,
): Promise<AssembledProgram> {
  const { config, name, log, stopping } = context;
  const { servers, user, pass, connectWithinMs } = config;
  const onEvent = brokerTeller(log);
  const signal = stopping;
  const broker = await connectBroker({
    servers,
    user,
    pass,
    name,
    connectWithinMs,
    onEvent,
    signal,
  });
  log.info({ server: broker.nc.getServer(), version: broker.nc.info?.version }, 'connected');
  failWhenClosed(broker.nc, context);
  try {
    return await withRequests(service, context, broker);
  } catch (error) {
    // First, so that this reason is told, and not that the connection was closed.
    context.fail(error);
    await broker.close();
    throw error;
  }
}

async function withRequests<C extends ServiceSettings>(
  service: Service<C>,
  context: ProgramContext<C>,
  broker: Broker,
): Promise<AssembledProgram> {
  const { log, health, metrics, name, configHash: hash } = context;
  const { nc } = broker;
  health.check('broker', () => (broker.connected ? null : 'is not connected'));
  countBroker(metrics, broker);
  const onBroker = (heard: (status: Status) => void) => {
    void hear(nc, heard);
  };
  const assembled = await service.assemble({ ...context, broker, nc, onBroker });

  const requests = new NatsRequests({ nc, log, subjects: [], ...assembled.requests });
  countRequests(metrics, requests);
  let responder: ServiceResponder | null = null;
  return {
    module: assembled.module,
    requests,
    started: async () => {
      await assembled.started?.({ requests });
      const more = () => assembled.metadata?.() ?? {};
      const described = describeService(service, { name, hash, requests, more });
      responder = new ServiceResponder(nc, described);
    },
    leave: async () => {
      await assembled.leave?.();
    },
    drain: async (signal) => {
      responder?.close();
      await assembled.drain?.(signal);
    },
    end: () => broker.close(),
  };
}

async function hear(nc: NatsConnection, heard: (status: Status) => void): Promise<void> {
  for await (const status of nc.status()) heard(status);
}

// It reconnects for ever, so a connection that is closed was refused for good.
function failWhenClosed(nc: NatsConnection, context: ProgramContext<unknown>): void {
  void nc.closed().then((error) => {
    if (context.stopping.aborted) return;
    context.fail(error ?? new Error('the connection was closed'));
  });
}
