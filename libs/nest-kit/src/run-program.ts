import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from './config-error.js';
import { Health } from './health.js';
import { listening, startHttp, type Listening } from './kit-app.js';
import { loadConfig, type Loaded } from './load-config.js';
import { createLog, logFormat, type Log } from './log.js';
import { Metrics } from './metrics.js';
import type { AssembledProgram, Program } from './program.js';
import type { ServiceSettings } from './service-config.js';
import { settingsOf, settingsText } from './settings.js';
import { Stopping, type Host } from './stop-signals.js';

/**
 * Runs a program until it is asked to stop, and ends the process: configuration, parts, HTTP, then,
 * when every health check is well, the log line `ready`; at SIGTERM or SIGINT it stops being ready,
 * drains, and exits with 0 within `graceMs`. Exit 1: it failed, or was asked twice. Exit 2: its
 * configuration is wrong.
 */
export async function runProgram<C extends ServiceSettings>(
  program: Program<C>,
  host: Host = process,
): Promise<void> {
  host.stdout.on?.('error', () => undefined); // Nobody reads our log any more: we go on without.
  const argv = host.argv.slice(2);
  if (argv.includes('--help')) {
    host.stdout.write(settingsText(program.name, settingsOf(program.config)));
    host.exit(0);
    return;
  }
  const loaded = configOrNull(program, argv, host);
  host.exit(loaded === null ? 2 : await live(program, loaded, host));
}

function configOrNull<C extends ServiceSettings>(
  program: Program<C>,
  argv: readonly string[],
  host: Host,
): Loaded<C> | null {
  try {
    return loadConfig(program.config, { argv, env: host.env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    host.stderr.write(`${error.message}\nTry --help.\n`);
    return null;
  }
}

async function live<C extends ServiceSettings>(
  program: Program<C>,
  { value: config, hash, ignored }: Loaded<C>,
  host: Host,
): Promise<number> {
  const log = createLog({
    service: program.name,
    version: program.version,
    level: config.logLevel,
    format: logFormat(config.log, host.stdout.isTTY === true),
    write: (line) => host.stdout.write(line),
  });
  const name = config.name ?? `${program.name}-${randomBytes(4).toString('hex')}`;
  const stopping = new Stopping(host, log);
  log.info({ name, realm: config.realm, config: hash, servers: config.servers }, 'starting');
  if (ignored.length > 0) log.warn({ variables: ignored }, 'variables that are not known here');

  let running: Running | null = null;
  try {
    running = await start(program, { config, hash, name, log, stopping });
    await stopping.asked();
  } catch (error) {
    if (!stopping.signal.aborted) stopping.fail(error);
  }
  if (running === null) return stopping.exitCode;
  const inOrder = await stop(running, config.graceMs, log);
  return inOrder ? stopping.exitCode : 1;
}

interface Start<C> {
  readonly config: C;
  readonly hash: string;
  readonly name: string;
  readonly log: Log;
  readonly stopping: Stopping;
}

interface Running {
  readonly health: Health;
  readonly http: Listening;
  readonly assembled: AssembledProgram;
}

async function start<C extends ServiceSettings>(
  program: Program<C>,
  { config, hash: configHash, name, log, stopping }: Start<C>,
): Promise<Running> {
  const health = new Health();
  const metrics = new Metrics({ ofProcess: true });
  metrics.buildInfo({ version: program.version, config: configHash, ...program.metadata });
  const { signal } = stopping;
  const fail = (error: unknown) => {
    stopping.fail(error);
  };
  const context = { config, configHash, name, log, health, metrics, stopping: signal, fail };
  const assembled = await program.assemble(context);
  try {
    const http = await startHttp({ assembled, health, metrics, log, config });
    await assembled.started?.();
    await becomeReady(health, signal);
    if (!signal.aborted) log.info({ name, ...listening(http) }, 'ready');
    return { health, http, assembled };
  } catch (error) {
    stopping.fail(error);
    await assembled.end?.();
    throw error;
  }
}

const readyEveryMs = 20;

async function becomeReady(health: Health, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await health.report()).ready) await sleep(readyEveryMs);
}

// False when the grace ended first: then the rest is left as a crash would leave it.
async function stop(running: Running, graceMs: number, log: Log): Promise<boolean> {
  const { health, http, assembled } = running;
  const grace = AbortSignal.timeout(graceMs);
  const graceEnded = new Promise<false>((resolve) => {
    grace.addEventListener('abort', () => {
      resolve(false);
    });
  });
  const steps = async (): Promise<true> => {
    health.beginDraining();
    await assembled.leave?.();
    if (assembled.requests !== undefined) {
      log.info(await assembled.requests.drain(grace), 'requests are answered');
    }
    await assembled.drain?.(grace);
    log.info('drained');
    await http.app.close();
    await assembled.end?.();
    return true;
  };
  const inOrder = await Promise.race([steps(), graceEnded]).catch((error: unknown) => {
    log.error({ err: error }, 'could not end in order');
    return false;
  });
  log[inOrder ? 'info' : 'warn']({ inOrder }, 'stopped');
  return inOrder;
}
