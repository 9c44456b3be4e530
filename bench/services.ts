import { join } from 'node:path';
import { places, Service } from '@joinleaf/launcher';
import { asEnvironment, type Credentials } from './credentials.js';
import { endWithBench, interrupted } from './leftovers.js';
import type { Profiles } from './profiles.js';

export interface ServiceWish {
  readonly name: string;
  /** The folder in services/. */
  readonly service: string;
  readonly realm: string;
  /** Where to leave a CPU profile; null for none. */
  readonly profiles: Profiles | null;
  /** More JOINLEAF_* settings, or node's own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long it may take to read the log, in milliseconds. */
  readonly readyWithinMs?: number;
}

/** Starts one of our services as a process, and returns when it is ready. */
export async function startService(
  credentials: Credentials,
  { name, service, realm, profiles, settings = {}, readyWithinMs }: ServiceWish,
): Promise<Service> {
  interrupted.throwIfAborted();
  const started = new Service({
    name,
    service,
    ...(readyWithinMs === undefined ? {} : { readyWithinMs }),
    logFolder: join(places.root, '.joinleaf/logs/bench'),
    settings: {
      ...asEnvironment(credentials),
      JOINLEAF_REALM: realm,
      JOINLEAF_NAME: name,
      JOINLEAF_HTTP_PORT: '0',
      JOINLEAF_LOG: 'json',
      ...(profiles === null ? {} : { NODE_OPTIONS: profiles.flagsFor(name) }),
      ...settings,
    },
  });
  endWithBench(() => started.kill());
  try {
    await started.ready();
    return started;
  } catch (error) {
    await started.kill();
    throw error;
  }
}
