import { describe, expect, it } from '@jest/globals';
import { Terminal } from './terminal.js';

describe('JSON', () => {
  it('says the same, and nothing in it acts on a terminal', () => {
    let out = '';
    const outlet = {
      isTTY: true,
      columns: 80,
      write: (text: string | Uint8Array) => {
        out += String(text);
      },
    };
    const world = {
      ...{ env: {}, cwd: '/', stdout: outlet, stderr: outlet, now: () => 0 },
      interrupted: new AbortController().signal,
      ask: () => Promise.resolve(null),
    };
    const options = { format: 'json', colour: true, quiet: false, width: undefined } as const;
    const hostile = ['\u001b[2J', '\u009b2J', '\u202e', '\u{e0001}', '\u0007', 'ä', '😀', '\n'];
    new Terminal(world, options).json({ hostile });
    new Terminal(world, options).record({ hostile });
    expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/u);
    const [pretty = '', line = ''] = out.split('}\n').map((text) => `${text}}`);
    expect([JSON.parse(pretty), JSON.parse(line)]).toEqual([{ hostile }, { hostile }]);
    expect(out).toContain('😀');
  });
});
