import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { askProgram, type AdmissionQuestion } from './ask-program.js';

const question: AdmissionQuestion = {
  endpoint: 'desk',
  session: 'conf-7',
  join: 'J3',
  from: 'ada/run1/1',
  flags: 'both',
  callerData: 'aGk=',
  deadlineAt: 1_000,
};

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

type Handler = (body: string, response: ServerResponse, request: IncomingMessage) => void;

async function program(handler: Handler): Promise<string> {
  const made = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      handler(body, response, request);
    });
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${String((made.address() as AddressInfo).port)}/joins`;
}

const ask = (url: string, timeoutMs = 500, signal = new AbortController().signal) =>
  askProgram(url, question, { timeoutMs, signal });

const answers = (text: string, status = 200) =>
  program((_, response) => response.writeHead(status).end(text));

describe('askProgram', () => {
  it('posts the question as JSON and takes the decision', async () => {
    const seen: unknown[] = [];
    const url = await program((body, response, request) => {
      seen.push(request.method, request.headers['content-type'], JSON.parse(body));
      response.end('{"decision":"accept","calleeData":"d2VsY29tZQ=="}');
    });
    expect(await ask(url)).toEqual({
      ok: true,
      answer: { decision: 'accept', calleeData: 'd2VsY29tZQ==' },
    });
    expect(seen).toEqual(['POST', 'application/json', question]);
  });

  it.each(['accept', 'reject', 'defer'])('takes %s', async (decision) => {
    const asked = await ask(await answers(JSON.stringify({ decision })));
    expect(asked).toMatchObject({ ok: true, answer: { decision } });
  });

  it.each([
    ['{"decision":"perhaps"}', 200, 'answered what is no decision'],
    ['{"decision":"accept","calleeData":"%%"}', 200, 'answered what is no decision'],
    ['{"decision":"reject","more":1}', 200, 'answered what is no decision'],
    ['not JSON', 200, 'answered what is no decision'],
    ['{"decision":"accept"}', 500, 'answered 500'],
    [`"${'x'.repeat(20_000)}"`, 200, 'answered more than 16 KiB'],
  ])('takes %.40j for no answer', async (text, status, problem) => {
    expect(await ask(await answers(text, status))).toEqual({ ok: false, problem });
  });

  it('follows no redirect', async () => {
    const url = await program((_, response) =>
      response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    );
    expect(await ask(url)).toMatchObject({ ok: false });
  });

  it('waits so long and not longer', async () => {
    const url = await program(() => undefined);
    expect(await ask(url, 60)).toEqual({ ok: false, problem: 'did not answer in time' });
  });

  it('is called off', async () => {
    const url = await program(() => undefined);
    expect(await ask(url, 5_000, AbortSignal.timeout(30))).toMatchObject({ ok: false });
  });

  it('says when nobody is there', async () => {
    expect(await ask('http://127.0.0.1:9/')).toMatchObject({ ok: false });
  });
});
