import type { Program } from '@joinleaf/nest-kit';
import { assemble } from './assemble.js';
import { agentConfig, type AgentConfig } from './config.js';

export const leafAgent: Program<AgentConfig> = {
  name: 'leaf-agent',
  version: '0.1.0',
  description: 'Keeps endpoints for programs that do not embed the client.',
  config: agentConfig,
  assemble,
};
