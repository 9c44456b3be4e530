import { describe, expect, it } from '@jest/globals';
import { samePolicy, winsockPolicy, type AdmissionPolicy } from './policy.js';

const none = { bytesPerSecond: null, members: null };

describe('the policy', () => {
  it('[H1] is Winsock’s where nothing else was said', () => {
    expect(winsockPolicy).toEqual({
      admit: 'ask',
      capacity: null,
      identity: { kind: 'reject-new' },
      allow: null,
      deny: [],
      joinDeadlineMs: 30_000,
      budget: null,
      rootLoss: 'close-all',
      lingerMs: 30_000,
    });
  });

  it('[H1] is the same when every field is', () => {
    expect(samePolicy(winsockPolicy, structuredClone(winsockPolicy))).toBe(true);
    const lists: AdmissionPolicy = { ...winsockPolicy, allow: ['ada'], deny: ['bob', 'carol'] };
    expect(samePolicy(lists, structuredClone(lists))).toBe(true);
  });

  const differences: readonly Partial<AdmissionPolicy>[] = [
    { admit: 'auto' },
    { capacity: 1 },
    { identity: { kind: 'replace-old' } },
    { identity: { kind: 'allow', max: 2 } },
    { allow: [] },
    { allow: ['ada'] },
    { deny: ['ada'] },
    { joinDeadlineMs: 1 },
    { budget: { sending: none, receiving: none } },
    { rootLoss: 'linger' },
    { lingerMs: 1_000 },
  ];

  it.each(differences)('[H1] differs by %j', (difference) => {
    const other = { ...winsockPolicy, ...difference };
    expect(samePolicy(winsockPolicy, other)).toBe(false);
    expect(samePolicy(other, winsockPolicy)).toBe(false);
  });

  it('[H1] differs by what is inside identity and lists', () => {
    const of = (changes: Partial<AdmissionPolicy>) => ({ ...winsockPolicy, ...changes });
    const allow = (max: number) => of({ identity: { kind: 'allow', max } });
    expect(samePolicy(allow(2), allow(3))).toBe(false);
    expect(samePolicy(allow(2), allow(2))).toBe(true);
    expect(samePolicy(of({ deny: ['a', 'b'] }), of({ deny: ['b', 'a'] }))).toBe(false);
    expect(samePolicy(of({ allow: ['a'] }), of({ allow: ['b'] }))).toBe(false);
  });
});
