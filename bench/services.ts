import { join } from 'node:path';
import { places, Service } from '@joinleaf/launcher';

export interface Credentials {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly pass?: string;
}

export interface ServiceWish {
  readonly name: string;
  /** The folder in services/. */
  readonly service: string;
  readonly realm: string;
  /** Where to leave a CPU profile; null for none. */
  readonly profile: string | null;
  /** More JOINLEAF_* settings, or node's own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long it may take to read the log, in milliseconds. */
  readonly readyWithinMs?: number;
}

/** Starts one of our services as a process, and returns when it is ready. */
export function startService(
  { servers, user = '', pass = '' }: Credentials,
  { name, service, realm, profile, settings = {}, readyWithinMs }: ServiceWish,
): Promise<Service> {
  return Service.start({
    name,
    service,
    ...(readyWithinMs === undefined ? {} : { readyWithinMs }),
    logFolder: join(places.root, '.joinleaf/logs/bench'),
    settings: {
      JOINLEAF_SERVERS: servers.join(','),
      JOINLEAF_USER: user,
      JOINLEAF_PASS: pass,
      JOINLEAF_REALM: realm,
      JOINLEAF_NAME: name,
      JOINLEAF_HTTP_PORT: '0',
      JOINLEAF_LOG: 'json',
      ...(profile === null ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profile}` }),
      ...settings,
    },
  });
}
