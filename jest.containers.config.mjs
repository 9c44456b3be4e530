// The tests that need a Docker engine and images: `npm run test:containers` builds those, and comes here.
import base from './jest.config.mjs';

const { projects, ...rest } = base;
const [unit] = projects;

export default {
  ...rest,
  maxWorkers: 1, // Each file starts a whole deployment.
  testTimeout: 120_000,
  verbose: true,
  projects: [
    {
      ...unit,
      displayName: 'containers',
      testMatch: ['<rootDir>/test/containers/**/*.containers.spec.ts'],
    },
  ],
};
