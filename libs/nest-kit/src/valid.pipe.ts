import { Injectable, type PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { WsaException } from './wsa-error.filter.js';

/** Reads a body, a parameter or a query against a schema; WSAEFAULT (H11) names the field that is wrong. */
@Injectable()
export class Valid<S extends z.ZodType> implements PipeTransform<unknown, z.output<S>> {
  constructor(private readonly schema: S) {}

  transform(value: unknown): z.output<S> {
    const parsed = this.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new WsaException({ code: 'WSAEFAULT', rule: 'H11' }, firstProblem(parsed.error));
  }
}

// A path may hold keys that the sender chose: only plain ones are repeated, and no value is.
function firstProblem({ issues }: z.ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'The request does not fit.';
  const field = issue.path
    .map((key) => (/^[\w-]{1,64}$/.test(String(key)) ? String(key) : '?'))
    .join('.');
  const problem =
    issue.code === 'unrecognized_keys'
      ? 'has a field that this version does not know'
      : issue.message;
  return field === '' ? `The request: ${problem}` : `${field}: ${problem}`;
}
