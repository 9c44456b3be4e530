import 'reflect-metadata';
import { runProgram } from '@joinleaf/nest-kit';
import { leafAgent } from './program.js';

await runProgram(leafAgent);
