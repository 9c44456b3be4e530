import 'reflect-metadata';
import { runService } from '@joinleaf/nest-kit';
import { notifierService } from './service.js';

await runService(notifierService);
