import { describe, expect, it } from '@jest/globals';
import { WSA } from '@joinleaf/multipoint';
import { BadArgument } from '@joinleaf/client';
import { explain } from './explain.js';
import { joinleaf } from './testing.js';
import type { World } from './world.js';

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
      'doctor',
      'parked',
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
    'doctor',
    'parked',
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
    ['replay', 'no session and no capture is named'],
    ['export conf-7 --keep secrets', '--keep takes names, ids, data, everything'],
    ['inspect conf-7', 'is no capture'],
    ['ls --phase ajar', '--phase is one of'],
    ['tail x.jlcap', 'x.jlcap is a capture: nothing in it happens or changes any more'],
    ['open conf-7', 'whose root is it?'],
    ['open conf-7 --node ada --admit never', '--admit is ask or auto'],
    ['open conf-7 --node ada --capacity 0', '--capacity is a number from 1'],
    ['open conf-7 --node ada --allow b.b', '--allow: "b.b" is not a name'],
    ['open conf-7 --node ada --root-loss never', '--root-loss is close-all or linger or elect-'],
    ['open conf-7 --node ada --linger 5s', '--linger is for --root-loss linger'],
    ['open @news --root-loss linger', '@news is a group'],
    ['join conf-7', "required option '--node <name>'"],
    ['listen bob', 'is no endpoint'],
    ['listen bob:99999', 'a port is a number from 1 to 65535'],
    ['open conf-7 --node ada --invite nobody', '--invite: "nobody" is no endpoint'],
    ['open conf-7 --node ada --invite bob:1x', '--invite: "bob:1x" is no endpoint'],
    ['open conf-7 --node ada --invite b.b:1', '--invite: "b.b:1" is no endpoint'],
    ['open conf-7 --node ada --invite bob:1 cy:99999999', '--invite: a port is a number from 1'],
    ['log conf-7 --from 9 --to 3', '--from 9 is after --to 3'],
    ['log conf-7 --last 0', '--last is a number from 1'],
    ['log conf-7 --type Nope', '--type is one of SessionOpened, '],
    ['close x.jlcap', 'x.jlcap is a capture: nothing in it happens or changes any more'],
    ['show jl.main.evt.12.conf-7', 'of a subject the session alone is wanted: conf-7'],
    ['show conf-7@5', 'joinleaf state conf-7@5'],
    ['ls --servers nope:99999', '--servers: "nope:99999" is no server'],
  ])('%s: %s', async (line, message) => {
    const { exitCode, out, err } = await joinleaf(line);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain(message);
  });

  it.each([
    ['ls a.b --json', 'source'],
    ['show * --json', 'source'],
    [`show ${'x'.repeat(300)} --json`, 'source'],
    ['show @ --ndjson', 'source'],
    ['tail > --json', 'session'],
    ['join a.b --node bob --json', 'session'],
    ['listen bob --json', 'endpoint'],
    ['ls --realm a.b --json', '--realm'],
    ['ls --servers , --json', '--servers'],
    ['ls --since now --json', '--since'],
  ])('names what was wrong, to a program: %s', async (line, field) => {
    const { exitCode, out, err } = await joinleaf(line);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    const said: unknown = JSON.parse(err);
    expect(said).toMatchObject({ schema: 'joinleaf.error/1', exitCode: 2, field });
    expect(err.length).toBeLessThan(500);
  });

  it.each([
    ['--json lss', "unknown command 'lss'"],
    ['--json log', "missing required argument 'source'"],
    ['log conf-7 --ndjson --lst 3', "unknown option '--lst'"],
    ['join conf-7 --json', "required option '--node <name>' not specified"],
    ['log conf-7 --json --plain', 'cannot be used with'],
    ['--json', 'no verb is named'],
  ])('says a mistake of usage to a program in JSON alone: %s', async (line, message) => {
    const { exitCode, out, err } = await joinleaf(line);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    const said: unknown = JSON.parse(err);
    expect(said).toMatchObject({
      schema: 'joinleaf.error/1',
      exitCode: 2,
      message: expect.stringContaining(message),
    });
    expect(err).not.toContain('error:');
  });

  it('still has its help where JSON is wanted', async () => {
    const { exitCode, out, err } = await joinleaf('log --help --json');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toContain('joinleaf log');
  });

  it('names the server that it tried, and where it has it from', async () => {
    const { exitCode, err } = await joinleaf('show conf-7 --servers 127.0.0.1:1 --timeout 100ms');
    expect(exitCode).toBe(6);
    expect(err).toContain('no connection to 127.0.0.1:1');
    expect(err).toContain('that address is from --servers');
  });

  it('does not say what it cannot find as if it had looked', async () => {
    const { exitCode, err } = await joinleaf('log nowhere.jlcap');
    expect(exitCode).toBe(3);
    expect(err).toContain('there is no file');
  });
});

describe('an error that reaches the top of a verb', () => {
  const said = (error: Error, argv: readonly string[], flags = {}) => {
    let err = '';
    const outlet = { isTTY: false, columns: undefined, write: (text: string) => (err += text) };
    const world = { env: {}, stdout: outlet, stderr: outlet } as unknown as World;
    return { exitCode: explain(error, world, { argv, flags }), err };
  };

  it('is one line and a usage error where the client could never take an argument', () => {
    const error = new BadArgument('leaf', 'is not an endpoint', 'E9');
    expect(said(error, [])).toEqual({
      exitCode: 2,
      err: 'joinleaf: leaf is not an endpoint (rule E9)\n',
    });
    const debugged = said(error, ['--debug']);
    expect(debugged.exitCode).toBe(2);
    expect(debugged.err).toMatch(/BadArgument: leaf[^]*\n +at /);
    expect(JSON.parse(said(error, ['--json']).err)).toMatchObject({ exitCode: 2, field: 'leaf' });
  });

  it('sends to a doctor of the same place', () => {
    const error = Object.assign(new Error('no stream'), { name: 'StreamNotFoundError' });
    const flags = { realm: 'other', passFile: 'my file', quiet: true };
    expect(said(error, [], flags)).toEqual({
      exitCode: 6,
      err: "joinleaf: no stream\n  what is wrong: joinleaf doctor --realm other --pass-file 'my file'\n",
    });
    expect(said(error, []).err).toMatch(/joinleaf doctor\n$/);
  });
});

describe('errors, in words', () => {
  it.each([
    ['WSAEALREADY', 'WSAEALREADY (10037)\nA join is already outstanding.\nretry  wait: '],
    ['wsaealready', 'WSAEALREADY (10037)'],
    ['already', 'WSAEALREADY (10037)'],
    ['10060', 'WSAETIMEDOUT (10060)'],
    ['R50', 'R50  '],
  ])('lookup %s', async (code, text) => {
    const { exitCode, out } = await joinleaf(`errors lookup ${code}`);
    expect(exitCode).toBe(0);
    expect(out).toContain(text);
  });

  it.each(Object.keys(WSA))('has a page for %s, and its rules in it', async (code) => {
    const { out } = await joinleaf(`errors lookup ${code}`);
    const order = /\nWhat to do\n- [^]*\nIn a program\n[^]*\nIn the log\n[^]*\nRules\n- [REAH]\d/;
    expect(out).toMatch(order);
    expect(out).not.toMatch(/<!--|```|\*\*/);
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('is offline, and needs no configuration', async () => {
    const { exitCode, err } = await joinleaf('errors lookup 10037 -q', {
      env: { JOINLEAF_SERVERS: '127.0.0.1:1' },
    });
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  });

  it('gives a page to programs, too', async () => {
    const { out } = await joinleaf('errors lookup 10037 --json');
    expect(JSON.parse(out)).toMatchObject({
      schema: 'joinleaf.error/1',
      code: 'WSAEALREADY',
      retry: 'wait',
      page: expect.stringMatching(/^# WSAEALREADY\n/) as unknown,
    });
  });

  it.each([
    ['WSAEALREDY', 'did you mean WSAEALREADY?'],
    ['timeout', 'did you mean WSAETIMEDOUT?'],
    ['refused', 'did you mean WSAECONNREFUSED?'],
    ['10059', 'did you mean WSAESHUTDOWN (10058) or WSAETIMEDOUT (10060)?'],
    ['R999', 'there is no error and no rule "R999"'],
    ['X', 'all of them: joinleaf errors'],
  ])('suggests what was meant by %s', async (code, hint) => {
    const { exitCode, out, err } = await joinleaf(`errors lookup ${code}`);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
    expect(err).toContain(hint);
  });

  it('are a table, for people and for programs', async () => {
    const page = await joinleaf('errors', { columns: 80 });
    expect(page.out.split('\n').every((line) => line.length <= 80)).toBe(true);
    expect(page.out).toMatch(/^WSAEALREADY +10037 +wait +\S/m);
    expect((await joinleaf('errors ls', { columns: 80 })).out).toBe(page.out);
    const { errors } = JSON.parse((await joinleaf('errors --json')).out) as { errors: object[] };
    expect(errors).toContainEqual(
      expect.objectContaining({ code: 'WSAEALREADY', number: 10_037, retry: 'wait' }),
    );
    expect((await joinleaf('errors --plain')).out).toMatch(/^WSAEINTR\t10004\t/);
  });
});
