import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { loadConfig, settingsOf, settingsTable } from '@joinleaf/nest-kit';
import { agentConfig } from './config.js';

const folder = mkdtempSync(join(tmpdir(), 'joinleaf-agent-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function load(text: string) {
  const path = join(folder, 'agent.yaml');
  writeFileSync(path, text);
  return loadConfig(agentConfig, { env: { JOINLEAF_CONFIG: path }, argv: [] }).value;
}

describe('the configuration of an agent', () => {
  it('names its endpoints, by name or by port', () => {
    const { endpoints } = load(`
node: lobby
endpoints:
  - { name: desk, port: 1, admission: accept, calleeData: welcome, backlog: 5 }
  - { port: 2, admission: { ask: 'http://127.0.0.1:9000/joins' } }
  - { name: robot, listen: false }
`);
    expect(endpoints).toMatchObject([
      { name: 'desk', port: 1, listen: true, admission: 'accept', backlog: 5 },
      { name: 'port-2', admission: { ask: 'http://127.0.0.1:9000/joins', timeoutMs: 2_000 } },
      { name: 'robot', port: 0, listen: false, admission: 'defer' },
    ]);
  });

  it('may come from the environment alone', () => {
    const env = { JOINLEAF_NODE: 'lobby', JOINLEAF_ENDPOINTS: '[{"port":1,"admission":"reject"}]' };
    expect(loadConfig(agentConfig, { env, argv: [] }).value.endpoints).toMatchObject([
      { name: 'port-1', admission: 'reject' },
    ]);
  });

  it.each([
    ['node: a.b', 'node is not a name'],
    ['endpoints: [{ port: 1 }]', 'JOINLEAF_NODE'],
    ['node: lobby\nendpoints: [{}]', 'has neither a name nor a port'],
    ['node: lobby\nendpoints: [{ port: 70000 }]', 'endpoints.0.port is above 65535'],
    ['node: lobby\nendpoints: [{ port: 1, admission: maybe }]', 'is none of accept, reject'],
    [
      'node: lobby\nendpoints: [{ port: 1, admission: { ask: "file:///x" } }]',
      'is no http address',
    ],
    ['node: lobby\nendpoints: [{ name: a }, { name: a }]', 'names two endpoints alike'],
    ['node: lobby\nendpoints: [{ name: a, port: 1 }, { port: 1 }]', 'two endpoints one port'],
    ['node: lobby\nendpoints: [{ port: 1, wide: true }]', 'does not know wide'],
    ['node: lobby\nendpoints: everywhere', 'endpoints is no list of endpoints'],
    ['node: lobby\nhttpHost: 0.0.0.0', 'is not loopback, so httpToken is required'],
    ['node: lobby\nhttpToken: short', 'is shorter than 16 characters'],
  ])('refuses %j', (text, told) => {
    expect(() => load(text)).toThrow(told);
  });

  it('stands in the README, with every setting', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    expect(readme).toContain(settingsTable(settingsOf(agentConfig)));
  });
});
