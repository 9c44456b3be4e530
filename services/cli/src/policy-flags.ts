import type { AdmissionPolicy } from '@joinleaf/multipoint';
import { BadWord } from './exit-codes.js';
import { choice, names, whole } from './flag-values.js';
import { parseSpan } from './settings.js';

/** What an admission policy is said with. */
export interface PolicyFlags {
  readonly admit?: string;
  readonly capacity?: string;
  readonly allow?: string;
  readonly deny?: string;
  readonly deadline?: string;
  readonly rootLoss?: string;
  readonly linger?: string;
}

const rootLosses = ['close-all', 'linger', 'elect-oldest'] as const;

/** What the flags say of a policy; the rest stays as Winsock has it. Throws BadWord. */
export function policyFrom(flags: PolicyFlags): Partial<AdmissionPolicy> {
  const { admit, capacity, allow, deny, deadline } = flags;
  return {
    ...(admit === undefined ? {} : { admit: choice('--admit', admit, ['ask', 'auto']) }),
    ...(capacity === undefined ? {} : { capacity: whole('--capacity', capacity) }),
    ...(allow === undefined ? {} : { allow: names('--allow', allow) }),
    ...(deny === undefined ? {} : { deny: names('--deny', deny) }),
    ...(deadline === undefined ? {} : { joinDeadlineMs: parseSpan(deadline, '--deadline') }),
    ...rootLossFrom(flags),
  };
}

function rootLossFrom({ rootLoss, linger }: PolicyFlags): Partial<AdmissionPolicy> {
  const what = rootLoss === undefined ? null : choice('--root-loss', rootLoss, rootLosses);
  if (linger === undefined) return what === null ? {} : { rootLoss: what };
  if (what === null || what === 'close-all') {
    throw new BadWord('--linger', '--linger is for --root-loss linger and elect-oldest');
  }
  return { rootLoss: what, lingerMs: parseSpan(linger, '--linger') };
}
