import { describe, expect, it } from '@jest/globals';
import { exitCodes } from '../exit-codes.js';
import { assertWhole } from './whole-installation.js';

describe('an installation for the demo', () => {
  it('is whole when services and scenarios are there', () => {
    expect(() => {
      assertWhole(() => true);
    }).not.toThrow();
  });

  it.each(['scenarios', 'session/dist/main.js', 'leaf-agent/dist/main.js'])(
    'without %s says where the demo can be had',
    (missing) => {
      expect(() => {
        assertWhole((path) => !path.endsWith(missing));
      }).toThrow(
        expect.objectContaining({
          exitCode: exitCodes.failure,
          hints: expect.arrayContaining([expect.stringContaining('npm start')]) as unknown,
        }),
      );
    },
  );
});
