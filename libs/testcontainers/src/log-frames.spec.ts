import { describe, expect, it } from '@jest/globals';
import { linesIn } from './log-frames.js';

function frame(text: string, stream = 1): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}

describe('what a container said', () => {
  it('is read line by line, whichever stream it came on', () => {
    const frames = Buffer.concat([frame('one\ntwo\n'), frame('wrong\n', 2), frame('three\n')]);
    expect(linesIn(frames)).toEqual(['one', 'two', 'wrong', 'three']);
  });

  it('may be cut anywhere, also inside of a letter', () => {
    const bytes = Buffer.from('né\n');
    const parts = [bytes.subarray(0, 2), bytes.subarray(2)].map((part) => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(part.length, 4);
      return Buffer.concat([head, part]);
    });
    expect(linesIn(Buffer.concat(parts))).toEqual(['né']);
  });

  it('is nothing, when it said nothing', () => {
    expect(linesIn(Buffer.alloc(0))).toEqual([]);
  });
});
