import { WSA, type Refusal, type Result, type WsaCode } from '@joinleaf/multipoint';
import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';

/** A refusal on its way out through Nest. */
export class WsaException extends Error {
  override readonly name = 'WsaException';
  constructor(
    readonly refusal: Refusal,
    message = `${refusal.code} (${String(WSA[refusal.code])}), rule ${refusal.rule}`,
  ) {
    super(message);
  }
}

/** The value of a result; a refusal leaves as an exception that `WsaErrorFilter` words for HTTP. */
export function reply<T>(result: Result<T, Refusal>): T {
  if (result.ok) return result.value;
  throw new WsaException(result.error);
}

/** What a program reads when it was refused. */
export interface HttpRefusal {
  readonly code: WsaCode;
  readonly number: number;
  readonly rule: string;
  readonly message: string;
}

/** Words every error as `{code, number, rule, message}`, with the HTTP status that fits. */
@Catch()
export class WsaErrorFilter implements ExceptionFilter {
  readonly #log = new Logger(WsaErrorFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const response = host.switchToHttp().getResponse<HttpAnswer>();
    if (response.headersSent === true) return;
    if (error instanceof WsaException) {
      const { code, rule } = error.refusal;
      response.status(statusOf(code)).json(worded(code, rule, error.message));
      return;
    }
    if (error instanceof HttpException) {
      const status = error.getStatus();
      const body = error.getResponse();
      // A health report is an answer of its own.
      const report = typeof body === 'object' && 'checks' in body;
      const [code, rule] = status >= 500 ? netDown : malformed;
      response.status(status).json(report ? body : worded(code, rule, error.message));
      return;
    }
    this.#log.error(error);
    response.status(500).json(worded(...netDown, 'The service failed on this request.'));
  }
}

interface HttpAnswer {
  readonly headersSent?: boolean;
  status(code: number): { json(body: unknown): void };
}

const malformed = ['WSAEFAULT', 'H11'] as const;
const netDown = ['WSAENETDOWN', 'E2'] as const;

const worded = (code: WsaCode, rule: string, message: string): HttpRefusal => ({
  code,
  number: WSA[code],
  rule,
  message,
});

/** The HTTP status for a refusal. A code added to the table does not compile until it has one. */
export function statusOf(code: WsaCode): number {
  switch (code) {
    case 'WSAEFAULT':
    case 'WSAEINVAL':
    case 'WSAEMSGSIZE':
    case 'WSAENOPROTOOPT':
    case 'WSAEAFNOSUPPORT':
    case 'WSAEADDRNOTAVAIL':
    case 'WSAEPROTONOSUPPORT':
    case 'WSAEOPNOTSUPP':
      return 400;
    case 'WSAEACCES':
      return 403;
    case 'WSAENOTSOCK':
      return 404;
    case 'WSAEADDRINUSE':
    case 'WSAEALREADY':
    case 'WSAEISCONN':
    case 'WSAENOTCONN':
    case 'WSAESHUTDOWN':
    case 'WSAEWOULDBLOCK':
    case 'WSAEINTR':
    case 'WSAECONNREFUSED':
    case 'WSAECONNABORTED':
    case 'WSAECONNRESET':
    case 'WSAEDISCON':
      return 409;
    case 'WSAEMFILE':
    case 'WSAENOBUFS':
    case 'WSAENETDOWN':
    case 'WSAENETRESET':
    case 'WSAEINPROGRESS':
    case 'WSANOTINITIALISED':
    case 'WSATRY_AGAIN':
      return 503;
    case 'WSAENETUNREACH':
    case 'WSAETIMEDOUT':
      return 504;
  }
}
