import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WSA, type WsaCode } from '@joinleaf/multipoint';
import { HttpException, Logger, NotFoundException, type ArgumentsHost } from '@nestjs/common';
import { z } from 'zod';
import { Valid } from './valid.pipe.js';
import { reply, statusOf, WsaErrorFilter, WsaException } from './wsa-error.filter.js';

function answerTo(error: unknown): { status: number; body: unknown } {
  const answer = { status: 0, body: undefined as unknown };
  const response = {
    status(code: number) {
      answer.status = code;
      return { json: (body: unknown) => (answer.body = body) };
    },
  };
  const host = { getType: () => 'http', switchToHttp: () => ({ getResponse: () => response }) };
  new WsaErrorFilter().catch(error, host as unknown as ArgumentsHost);
  return answer;
}

describe('WsaErrorFilter', () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  afterAll(() => {
    Logger.overrideLogger(['log', 'error', 'warn']);
  });

  it('words a refusal with its name, number and rule', () => {
    const refusal = { code: 'WSAEALREADY', rule: 'R50' } as const;
    expect(answerTo(new WsaException(refusal))).toEqual({
      status: 409,
      body: {
        code: 'WSAEALREADY',
        number: 10_037,
        rule: 'R50',
        message: 'WSAEALREADY (10037), rule R50',
      },
    });
  });

  it('keeps the status of Nest’s own errors', () => {
    expect(answerTo(new NotFoundException('Cannot GET /x'))).toMatchObject({
      status: 404,
      body: { code: 'WSAEFAULT', message: 'Cannot GET /x' },
    });
  });

  it('lets a health report be the answer', () => {
    const report = { ready: false, checks: {} };
    expect(answerTo(new HttpException(report, 503))).toEqual({ status: 503, body: report });
  });

  it('tells nothing of a bug', () => {
    const { status, body } = answerTo(new Error('secret detail'));
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('knows a status for every code', () => {
    for (const code of Object.keys(WSA)) expect(statusOf(code as WsaCode)).toBeGreaterThan(399);
  });
});

describe('reply', () => {
  it('is the value, or leaves as the refusal', () => {
    expect(reply({ ok: true, value: 7 })).toBe(7);
    const refusal = { code: 'WSAENOTSOCK', rule: 'E13' } as const;
    expect(() => reply({ ok: false, error: refusal })).toThrow(WsaException);
  });
});

describe('Valid', () => {
  const pipe = new Valid(z.strictObject({ session: z.string(), port: z.int().default(1) }));

  it('fills in defaults', () => {
    expect(pipe.transform({ session: 'conf-7' })).toEqual({ session: 'conf-7', port: 1 });
  });

  it.each([
    [{}, 'session: '],
    [{ session: 'a', port: 'x' }, 'port: '],
    [{ session: 'a', 'evil\nfield': 1 }, 'has a field that this version does not know'],
    ['text', 'The request: '],
  ])('[H11] names the field that is wrong, and repeats no value: %j', (body, told) => {
    expect(() => pipe.transform(body)).toThrow(told);
    expect(() => pipe.transform(body)).not.toThrow(/evil/);
  });
});
