/** How to reach a broker, and as whom. */
export interface Credentials {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly pass?: string;
}

/** As the environment of a process, as our services have it: everybody on the machine can see arguments. */
export const asEnvironment = ({ servers, user = '', pass = '' }: Credentials) => ({
  JOINLEAF_SERVERS: servers.join(','),
  JOINLEAF_USER: user,
  JOINLEAF_PASS: pass,
});

/** What `asEnvironment` was made of. */
export function fromEnvironment(): Credentials & { readonly servers: string[] } {
  const { JOINLEAF_SERVERS = '', JOINLEAF_USER = '', JOINLEAF_PASS = '' } = process.env;
  const login = JOINLEAF_USER === '' ? {} : { user: JOINLEAF_USER, pass: JOINLEAF_PASS };
  return { servers: JOINLEAF_SERVERS.split(','), ...login };
}
