import { timingSafeEqual } from 'node:crypto';
import { WsaException } from '@joinleaf/nest-kit';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';

export const httpToken = Symbol('httpToken');

/**
 * Keeps out who is no local program: a browser, in which a foreign page may send requests to
 * loopback, and where a token was set, everybody without it. WSAEACCES.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(@Inject(httpToken) private readonly token: string | null) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<HttpRequest>();
    if (headers.origin !== undefined) throw refused('Browsers are not served here.');
    if (this.token !== null && !sameText(headers.authorization ?? '', `Bearer ${this.token}`)) {
      throw refused('The token is missing or wrong.');
    }
    return true;
  }
}

interface HttpRequest {
  readonly headers: { readonly origin?: string; readonly authorization?: string };
}

const refused = (message: string): WsaException =>
  new WsaException({ code: 'WSAEACCES', rule: 'H4' }, message);

function sameText(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
