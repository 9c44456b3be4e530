import { isName } from '@joinleaf/multipoint';
import { z } from 'zod';

// Fields of a configuration. From a flag or the environment every value arrives as text, from a file
// with its own type, so each field takes both.

export const wholeField = (min: number, max: number) =>
  z
    .union(
      [
        z.int(),
        z
          .string()
          .regex(/^\d{1,15}$/)
          .transform(Number),
      ],
      'is not a whole number',
    )
    .pipe(z.int().min(min, `is below ${min}`).max(max, `is above ${max}`));

export const yesNoField = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')],
  'is neither true nor false',
);

/** `a,b` or a list. */
export const listField = z.union(
  [
    z.array(z.string().min(1)).min(1),
    z
      .string()
      .min(1)
      .transform((text) => text.split(',').map((part) => part.trim())),
  ],
  'is not a list',
);

export const nameSetting = z
  .string('is not a name')
  .refine(isName, 'is not a name: 1 to 64 of A-Z a-z 0-9 _ -');

/** Never told to anybody; `PASS_FILE` names a file that holds `PASS`. */
export const secretField = z.string('is not text').min(1, 'is empty').meta({ secret: true });

/** A port to listen at: 0 for any free one, `off` for none. */
export const portField = z.union([z.literal('off'), wholeField(0, 65_535)], 'is not a port');
