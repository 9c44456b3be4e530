import { describe, expect, it } from '@jest/globals';
import { createLog, logFormat, NestLog } from './log.js';
import { escapeHostile, textOf } from './log-line.js';

function logged(format: 'json' | 'text') {
  const lines: string[] = [];
  const log = createLog({
    service: 'session',
    version: '1.2.3',
    level: 'debug',
    format,
    write: (line) => lines.push(line),
  });
  return { log, lines };
}

describe('a log line', () => {
  it('is one JSON object with the service, the level by name and an ISO time', () => {
    const { log, lines } = logged('json');
    log.info({ session: 'conf-7', revision: 3 }, 'stored');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      service: 'session',
      version: '1.2.3',
      session: 'conf-7',
      revision: 3,
      msg: 'stored',
    });
    expect(lines[0]).toMatch(/"time":"\d{4}-\d\d-\d\dT/);
  });

  it('reads as words at a terminal', () => {
    const { log, lines } = logged('text');
    log.info({ httpPort: 8_081, url: 'http://127.0.0.1:8081' }, 'ready');
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} info {2}ready service=session httpPort=8081 url=http:\/\/127.0.0.1:8081\n$/,
    );
  });

  it('shows the stack of an error below', () => {
    const { log, lines } = logged('text');
    log.error({ err: new Error('broken\npipe') }, 'failed');
    expect(lines[0]).toContain('error failed service=session');
    expect(lines[0]).toContain('\n    Error: broken');
  });

  it.each(['json', 'text'] as const)('cannot be forged by what it quotes (%s)', (format) => {
    const { log, lines } = logged(format);
    const hostile = 'a\n{"level":"fatal"}\u001b[31m\u009b31m\u202eevil\u2028 b="c"';
    log.info({ hostile, [`k${hostile}`]: 1 }, hostile);
    const [line = ''] = lines;
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(line.slice(0, -1)).not.toMatch(/\p{Control}|[\u2028\u202e]/u);
  });

  it('still is the same JSON after escaping', () => {
    const { log, lines } = logged('json');
    log.info({ hostile: '\u009b\u202e\u2028é' }, 'x');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ hostile: '\u009b\u202e\u2028é' });
    expect(escapeHostile('é')).toBe('é');
  });

  it('reads any JSON as words', () => {
    expect(textOf('{"err":{"message":"only this"}}')).toContain('only this');
  });
});

describe('logFormat', () => {
  it('is text at a terminal, JSON elsewhere, and what was wished otherwise', () => {
    expect(logFormat(undefined, true)).toBe('text');
    expect(logFormat(undefined, false)).toBe('json');
    expect(logFormat('json', true)).toBe('json');
    expect(logFormat('none', true)).toBe('none');
  });
});

describe('NestLog', () => {
  it('keeps Nest’s own messages at debug and its errors at error', () => {
    const { log, lines } = logged('json');
    const nest = new NestLog(log);
    nest.log('Mapped {/metrics, GET} route', 'RouterExplorer');
    nest.error(new Error('broken'), 'a stack', 'Filter');
    nest.warn({ odd: 1 });
    const read = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(read[0]).toMatchObject({ level: 'debug', context: 'RouterExplorer' });
    expect(read[1]).toMatchObject({ level: 'error', msg: 'broken', context: 'Filter' });
    expect(read[2]).toMatchObject({ level: 'warn', msg: '{"odd":1}' });
  });
});
