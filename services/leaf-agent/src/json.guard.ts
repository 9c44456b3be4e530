import {
  Injectable,
  UnsupportedMediaTypeException,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';

/**
 * Bodies are JSON and say so. One that says otherwise, as `curl -d` does by itself, would be read as a form, and refused for fields
 * that nobody sent: 415 says what is wrong.
 */
@Injectable()
export class JsonGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<HttpRequest>();
    if (!hasBody(headers) || isJson(headers['content-type'])) return true;
    const found = headers['content-type'] === undefined ? 'has no content type' : 'has another one';
    throw new UnsupportedMediaTypeException(
      `The body ${found}; it has to be JSON: content-type: application/json.`,
    );
  }
}

interface HttpRequest {
  readonly headers: {
    readonly 'content-type'?: string;
    readonly 'content-length'?: string;
    readonly 'transfer-encoding'?: string;
  };
}

const hasBody = (headers: HttpRequest['headers']): boolean =>
  Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined;

const isJson = (type = ''): boolean => /^application\/json(\s*;|$)/i.test(type.trim());
