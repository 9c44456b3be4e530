import { describe, expect, it } from '@jest/globals';
import { compose, composed, composeFile, textOf } from './files.js';
import {
  brokerVariables,
  dockerfile,
  portOf,
  programs,
  stageVariables,
  variablesOf,
} from './programs.js';

// docker-compose.yml, held against the programs and the broker's configuration that it is for.

const nodeUsers = 'deploy/compose/node-users.conf';
const services = composed();
const ours = services.filter(({ image }) => image in programs);
const brokers = services.filter(({ image }) => image === 'joinleaf/broker');

describe('the Dockerfile', () => {
  it.each(Object.entries(programs))('gives %s the port that it has anyway', (image, service) => {
    const stage = image.replace('joinleaf/', '');
    expect(stageVariables(stage).get('JOINLEAF_HTTP_PORT')).toBe(String(portOf(service)));
    expect(dockerfile).toContain(`EXPOSE ${String(portOf(service))}`);
  });

  it.each(Object.keys(programs))('sets in %s only what it knows', (image) => {
    const stage = image.replace('joinleaf/', '');
    const known = variablesOf(stage);
    const set = [...stageVariables(stage).keys()].filter((name) => name.startsWith('JOINLEAF_'));
    expect(set.filter((name) => !known.has(name))).toEqual([]);
    expect(set).toContain('JOINLEAF_HTTP_HOST');
  });
});

describe(composeFile, () => {
  it.each(Object.entries(compose.services))(
    'builds %s from a target of its name',
    (_name, { image, build }) => {
      expect(image).toContain(`/${build.target}:`);
      expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${build.target}$`, 'm'));
    },
  );

  it.each(ours)('$where is told only what it knows', ({ image, variables }) => {
    const known = variablesOf(programs[image] ?? '');
    expect([...variables.keys()].filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(ours.filter(({ ports }) => ports.length > 0))(
    '$where opens the port that it listens at',
    ({ image, ports }) => {
      expect(ports).toEqual([portOf(programs[image] ?? '')]);
    },
  );

  it.each(brokers)('$where is told everything that its configuration asks for', ({ variables }) => {
    const file = variables.has('JOINLEAF_NATS_ROUTES') ? 'cluster.conf' : 'server.conf';
    const told = new Set([...variables.keys(), ...stageVariables('broker').keys()]);
    const needed = brokerVariables(file, nodeUsers);
    expect(needed.filter((name) => !told.has(name))).toEqual([]);
    expect(needed.length).toBeGreaterThan(8);
  });

  it('insists on every password', () => {
    const careless = [...textOf(composeFile).matchAll(/\$\{(JOINLEAF_\w*(?:PASSWORD|TOKEN))\}/g)];
    const insisted = [...textOf(composeFile).matchAll(/\$\{(JOINLEAF_\w*(?:PASSWORD|TOKEN)):\?/g)];
    const names = new Set(insisted.map(([, name]) => name));
    expect(careless.filter(([, name]) => !names.has(name)).map(([, name]) => name)).toEqual([]);
  });

  it('keeps everything three times on three brokers, and once on one', () => {
    const counts = ours
      .filter(({ variables }) => variables.has('JOINLEAF_REPLICAS'))
      .map(({ variables }) => [
        variables.get('JOINLEAF_SERVERS')?.split(',').length,
        Number(variables.get('JOINLEAF_REPLICAS')),
      ]);
    expect(counts.length).toBe(8);
    for (const [servers, replicas] of counts) expect(replicas).toBe(servers);
  });

  it('reads what deploy/compose/env.example has, and nothing else', () => {
    const read = [...textOf(composeFile).matchAll(/\$\{(\w+)[:}]/g)].map(([, name]) => name);
    const example = [...textOf('deploy/compose/env.example').matchAll(/^(?:# )?(\w+)=/gm)];
    expect(new Set(example.map(([, name]) => name))).toEqual(new Set(read));
  });
});
