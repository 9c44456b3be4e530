import type { Service } from '@joinleaf/nest-kit';
import { assemble } from './assemble.js';
import { notifierConfig, type NotifierConfig } from './config.js';

export const notifierService: Service<NotifierConfig> = {
  name: 'notifier',
  version: '0.1.0',
  description: 'Reads the log in order, and delivers FD_ACCEPT, FD_CONNECT and FD_CLOSE.',
  config: notifierConfig,
  assemble,
};
