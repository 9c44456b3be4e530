/** How to connect: spread it into the options of `connect()`. */
export interface NatsCredentials {
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** Present when the URL says `tls://`. */
  readonly tls?: Record<string, never>;
}

/**
 * Reads a URL such as `nats://user:password@host:4222`, or several with commas, the first of which says
 * who logs in. A user without a password is a token.
 *
 * @throws TypeError, which does not repeat the URL: it may hold a password.
 */
export function credentialsOf(urls: string): NatsCredentials {
  const parts = urls.trim().split(',').map(partsOf);
  const [first] = parts;
  return {
    servers: parts.map(({ host }) => host),
    ...identityOf(first?.userInfo),
    ...(first?.scheme === 'tls' ? { tls: {} } : {}),
  };
}

interface UrlParts {
  readonly scheme: string | undefined;
  readonly userInfo: string | undefined;
  readonly host: string;
}

function partsOf(url: string): UrlParts {
  const [, scheme, userInfo, host] =
    /^(?:(nats|tls):\/\/)?(?:([^@/]*)@)?([^@/\s]+)\/?$/.exec(url) ?? [];
  if (host === undefined)
    throw new TypeError('a NATS URL looks like nats://user:password@host:4222');
  return { scheme, userInfo, host };
}

/** The same as a URL, for the environment of another process. */
export function urlOf(server: string, user: string, password: string): string {
  return `nats://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${server}`;
}

function identityOf(
  userInfo: string | undefined,
): Pick<NatsCredentials, 'user' | 'pass' | 'token'> {
  if (userInfo === undefined) return {};
  const [user = '', ...rest] = userInfo.split(':');
  if (rest.length === 0) return { token: decodeURIComponent(user) };
  return { user: decodeURIComponent(user), pass: decodeURIComponent(rest.join(':')) };
}
