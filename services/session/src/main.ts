import 'reflect-metadata';
import { runService } from '@joinleaf/nest-kit';
import { assemble, decider } from './assemble.js';
import { sessionConfig } from './config.js';

await runService({
  name: 'session',
  version: '0.1.0',
  description: 'Arbitrates joins, and keeps deadlines and the lives of nodes.',
  config: sessionConfig,
  metadata: { decider },
  assemble,
});
