import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { imagesOf, version } from './images.js';
import { planOf } from './options.js';

describe('a plan', () => {
  it('is one of each, when nothing is asked for', () => {
    expect(planOf({})).toMatchObject({
      brokers: ['broker'],
      sessions: ['session'],
      notifiers: ['notifier'],
      agents: [],
      nodes: [],
      realm: 'main',
      images: imagesOf(),
    });
  });

  it('numbers what there are several of', () => {
    const { brokers, sessions } = planOf({ brokers: 3, sessions: 2 });
    expect([brokers, sessions]).toEqual([
      ['broker-1', 'broker-2', 'broker-3'],
      ['session-1', 'session-2'],
    ]);
  });

  it('counts agents among the nodes, once', () => {
    const { nodes } = planOf({
      nodes: ['ada', 'lobby'],
      agents: [{ node: 'lobby', endpoints: [] }],
    });
    expect(nodes).toEqual(['ada', 'lobby']);
  });

  it('takes some images from elsewhere', () => {
    const { images } = planOf({ images: { session: 'mine:1' } });
    expect(images).toEqual({ ...imagesOf(), session: 'mine:1' });
  });

  it.each([
    [{ sessions: 0 }, 'there is no session'],
    [{ notifiers: 1.5 }, 'there is no notifier'],
    [{ agents: [{ node: 'session', endpoints: [] }] }, 'two containers would be called session'],
  ])('is refused for %j', (options, reason) => {
    expect(() => planOf(options)).toThrow(new TypeError(reason));
  });
});

describe('the images', () => {
  it('are of the version of this library', () => {
    const manifest = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8');
    expect((JSON.parse(manifest) as { version: string }).version).toBe(version);
  });

  it('may be at another place', () => {
    expect(imagesOf('registry.example/team', '9').leafAgent).toBe(
      'registry.example/team/leaf-agent:9',
    );
  });
});
