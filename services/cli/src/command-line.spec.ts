import { describe, expect, it } from '@jest/globals';
import { joinleaf } from './testing.js';

describe('the command line', () => {
  it('leads its help with what one would type', async () => {
    const { exitCode, out } = await joinleaf('--help');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^joinleaf looks at sessions[^]*joinleaf ls {2,}[^]*Usage: joinleaf/);
    for (const verb of [
      'ls',
      'show',
      'log',
      'tail',
      'ladder',
      'state',
      'why',
      'verify',
      'replay',
      'export',
      'inspect',
      'errors',
      'ping',
      'info',
      'open',
      'join',
      'listen',
      'accept',
      'reject',
      'close',
      'demo',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
    }
    expect(out).toContain('Exit codes: 0 fine');
  });

  it.each([
    'ls',
    'show',
    'log',
    'tail',
    'ladder',
    'state',
    'why',
    'verify',
    'replay',
    'export',
    'open',
    'join',
    'listen',
    'accept',
    'reject',
    'close',
  ])('has an example in the help of %s', async (verb) => {
    const { exitCode, out } = await joinleaf(`${verb} --help`);
    expect(exitCode).toBe(0);
    expect(out).toMatch(new RegExp(`^  joinleaf ${verb}\\b`));
  });

  it('says its version', async () => {
    expect((await joinleaf('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    ['lgo', 'Did you mean log?'],
    ['log conf-7 --jsno', 'Did you mean --json?'],
    ['log', "missing required argument 'source'"],
    ['log conf-7 --json --plain', 'cannot be used with'],
    ['log a.b', 'is no session and no capture'],
    ['log conf-7 --width x', '--width is a number of columns'],
    ['state conf-7#5', 'is no position'],
    ['why conf-7@x', 'names no record'],
    ['ladder conf-7 --as png', '--as is one of text, mermaid, svg'],
    ['verify', 'no session and no capture is named'],
    ['replay', 'no session and no capture is named'],
    ['export conf-7 --keep secrets', '--keep takes names, ids, data, everything'],
    ['inspect conf-7', 'is no capture'],
    ['ls --phase ajar', '--phase is one of'],
    ['tail x.jlcap', 'nothing happens in it any more'],
    ['open conf-7', 'whose root is it?'],
    ['open conf-7 --node ada --admit never', '--admit is ask or auto'],
    ['open conf-7 --node ada --capacity 0', '--capacity is a number from 1'],
    ['join conf-7', "required option '--node <name>'"],
    ['listen bob', 'is no endpoint'],
    ['close x.jlcap', 'nobody can change it'],
  ])('%s: %s', async (line, message) => {
    const { exitCode, out, err } = await joinleaf(line);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain(message);
  });

  it('names the server that it tried, and where it has it from', async () => {
    const { exitCode, err } = await joinleaf('show conf-7 --servers 127.0.0.1:1 --timeout 100ms');
    expect(exitCode).toBe(6);
    expect(err).toContain('no connection to 127.0.0.1:1');
    expect(err).toContain('the server is from flag --servers');
  });

  it('does not say what it cannot find as if it had looked', async () => {
    const { exitCode, err } = await joinleaf('log nowhere.jlcap');
    expect(exitCode).toBe(3);
    expect(err).toContain('there is no file');
  });
});

describe('errors, in words', () => {
  it.each([
    ['WSAEALREADY', 'WSAEALREADY (10037)\nA join is already outstanding.\nretry  wait: '],
    ['already', 'WSAEALREADY (10037)'],
    ['10060', 'WSAETIMEDOUT (10060)'],
    ['R50', 'R50  '],
  ])('lookup %s', async (code, text) => {
    const { exitCode, out } = await joinleaf(`errors lookup ${code}`);
    expect(exitCode).toBe(0);
    expect(out).toContain(text);
  });

  it('suggests what was meant', async () => {
    const { exitCode, err } = await joinleaf('errors lookup WSAEALREDY');
    expect(exitCode).toBe(3);
    expect(err).toContain('did you mean WSAEALREADY?');
    expect((await joinleaf('errors lookup X')).exitCode).toBe(3);
  });

  it('are a table, for people and for programs', async () => {
    const page = await joinleaf('errors ls', { columns: 80 });
    expect(page.out.split('\n').every((line) => line.length <= 80)).toBe(true);
    const { errors } = JSON.parse((await joinleaf('errors ls --json')).out) as { errors: object[] };
    expect(errors).toContainEqual(
      expect.objectContaining({ code: 'WSAEALREADY', number: 10_037, retry: 'wait' }),
    );
    expect((await joinleaf('errors ls --plain')).out).toMatch(/^WSAEINTR\t10004\t/);
  });
});
