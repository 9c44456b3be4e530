// The arrows of the house, docs/ARCHITECTURE.md. Whatever is not listed here is refused.
import { pureLibraries } from './scripts/pure.mjs';

/** Which libraries each library may import; every arrow leads towards `multipoint`. */
export const arrows = {
  multipoint: [],
  'event-log': ['multipoint'],
  projection: ['multipoint', 'event-log'],
  capture: ['multipoint', 'event-log'],
  replay: ['multipoint', 'event-log', 'projection'],
  transcript: ['multipoint', 'event-log', 'replay'],
  linearizability: ['multipoint'],
  sim: [
    'multipoint',
    'event-log',
    'projection',
    'replay',
    'wire',
    'request-reply',
    'jetstream-log',
    'arbiter',
    'notification',
    'client',
  ],
  wire: ['multipoint', 'event-log'],
  'request-reply': [],
  arbiter: ['multipoint', 'event-log', 'wire'],
  'jetstream-log': ['multipoint', 'event-log', 'wire', 'request-reply'],
  notification: ['multipoint', 'event-log', 'projection', 'wire', 'jetstream-log'],
  client: ['multipoint', 'wire', 'request-reply'],
  'nats-server': [],
  launcher: [],
  testcontainers: ['nats-server'],
  'nest-kit': [
    'multipoint',
    'event-log',
    'projection',
    'capture',
    'replay',
    'transcript',
    'wire',
    'request-reply',
    'jetstream-log',
    'client',
    'nats-server',
  ],
};

const anyOf = (names) => `(?:${names.join('|')})`;
const pure = anyOf(pureLibraries);
const forTests = '\\.spec\\.ts$|/contract(?:\\.ts$|/)';
const packages = '(?:^|/)node_modules/';
const testPackages = `${packages}(?:@jest/globals|fast-check)/`;
const nest = `${packages}(?:@nestjs|rxjs|reflect-metadata)/`;

/** What tests of any library that is not pure may use besides: real brokers and real processes. */
const forTestsOnly = ['nats-server', 'launcher'];

const unlistedArrows = Object.entries(arrows).flatMap(([library, allowed]) => {
  const testsAllowed = pureLibraries.includes(library) ? allowed : [...allowed, ...forTestsOnly];
  const arrow = (from, listed) => ({
    name: `arrow-from-${library}`,
    comment: `libs/${library} may import ${listed.length > 0 ? listed.join(', ') : 'no other library'}.`,
    severity: 'error',
    from,
    to: { path: '^libs/', pathNot: `^libs/${anyOf([library, ...listed])}/` },
  });
  return [
    arrow({ path: `^libs/${library}/`, pathNot: forTests }, allowed),
    arrow({ path: `^libs/${library}/.*(?:${forTests})` }, testsAllowed),
  ];
});

export default {
  forbidden: [
    ...unlistedArrows,
    {
      name: 'library-without-arrows',
      comment: 'A new library lists its arrows in .dependency-cruiser.mjs first.',
      severity: 'error',
      from: { path: '^libs/', pathNot: `^libs/${anyOf(Object.keys(arrows))}/` },
      to: {},
    },
    {
      name: 'pure-without-packages',
      comment: 'A pure library imports no package and no module of Node.',
      severity: 'error',
      from: { path: `^libs/${pure}/src/`, pathNot: forTests },
      to: { pathNot: '^libs/' },
    },
    {
      name: 'pure-tests-without-packages',
      comment: 'Tests of a pure library use Jest and fast-check, and no other package.',
      severity: 'error',
      from: { path: `^libs/${pure}/.*(?:${forTests})` },
      to: { path: packages, pathNot: testPackages },
    },
    {
      name: 'library-imports-no-service',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^services/' },
    },
    {
      name: 'service-imports-no-service',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'code-imports-no-test',
      severity: 'error',
      from: { path: '^(?:libs|services)/' },
      to: { path: '^(?:test|bench|scripts)/' },
    },
    {
      name: 'client-without-nest',
      severity: 'error',
      from: { path: '^libs/client/' },
      to: { path: nest, reachable: true },
    },
    {
      name: 'nest-at-the-edge',
      comment: 'Decorators and Nest belong to services/ and libs/nest-kit.',
      severity: 'error',
      from: { path: '^libs/', pathNot: '^libs/nest-kit/' },
      to: { path: nest },
    },
    {
      name: 'through-the-door',
      comment:
        'From outside, a library is its index.ts; a test may also use its contract.ts or testing.ts.',
      severity: 'error',
      from: { path: '^(?:libs|services)/([^/]+)/' },
      to: {
        path: '^(?:libs|services)/[^/]+/',
        pathNot: '^(?:libs|services)/$1/|^libs/[^/]+/src/(?:index|contract|testing)\\.ts$',
      },
    },
    {
      name: 'through-the-door-from-tests',
      severity: 'error',
      from: { path: '^(?:test|bench)/' },
      to: {
        path: '^(?:libs|services)/',
        pathNot: '^libs/[^/]+/src/(?:index|contract|testing)\\.ts$',
      },
    },
    {
      name: 'contract-in-tests-only',
      severity: 'error',
      from: { path: '^(?:libs|services)/', pathNot: forTests },
      to: { path: '/contract(?:\\.ts$|/)|^libs/multipoint/src/testing\\.ts$' },
    },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared',
      comment: 'What a workspace imports stands in its package.json.',
      severity: 'error',
      from: { path: '^(?:libs|services)/', pathNot: forTests },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(?:^|/)(?:dist|fixtures)/' },
    combinedDependencies: true,
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@joinleaf/source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
