import { describe, expect, it } from '@jest/globals';
import { logWords } from './log-words.js';

describe('a line of a log, in few words', () => {
  it.each([
    ['{"level":"info","time":"…","service":"session","msg":"starting"}', 'info starting'],
    [
      '{"level":"fatal","err":{"message":"no broker answers","stack":"…"},"msg":"failed"}',
      'fatal failed: no broker answers',
    ],
    ['  httpPort is not a port', '  httpPort is not a port'],
    ['12', '12'],
  ])('%s', (line, words) => {
    expect(logWords(line)).toBe(words);
  });
});
