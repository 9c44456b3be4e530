import type { DynamicModule, Type } from '@nestjs/common';
import type { z } from 'zod';
import type { Health } from './health.js';
import type { Log } from './log.js';
import type { Metrics } from './metrics.js';
import type { NatsRequests } from './nats-requests.js';
import type { ServiceSettings } from './service-config.js';
import type { ConfigSchema } from './settings.js';

/** One of joinleaf's programs: what it is configured by, and how its parts are put together. */
export interface Program<C extends ServiceSettings> {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly config: ConfigSchema & z.ZodType<C>;
  /** Told in `joinleaf_build_info` and on `$SRV`; never changes while it runs. */
  readonly metadata?: Readonly<Record<string, string>>;
  assemble(context: ProgramContext<C>): Promise<AssembledProgram>;
}

export interface ProgramContext<C> {
  readonly config: C;
  /** Twelve digits that are equal for equal settings. */
  readonly configHash: string;
  /** The name of this instance. */
  readonly name: string;
  readonly log: Log;
  readonly health: Health;
  readonly metrics: Metrics;
  /** Aborts when the process is asked to stop. */
  readonly stopping: AbortSignal;
  /** Something is broken for good: the process drains, and exits with 1. */
  readonly fail: (error: unknown) => void;
}

export interface AssembledProgram {
  /** The controllers; health, metrics and the error filter are added to them. */
  readonly module: Type | DynamicModule;
  /** How requests arrive, besides HTTP. */
  readonly requests?: NatsRequests;
  /** Runs when requests are heard and HTTP is served. */
  started?(): Promise<void>;
  /** Runs first when the process is asked to stop, while requests are still heard. */
  leave?(): Promise<void>;
  /** Finishes what was begun; HTTP is still served. `signal` aborts when the grace ends. */
  drain?(signal: AbortSignal): Promise<void>;
  /** Runs last of all. */
  end?(): Promise<void>;
}
