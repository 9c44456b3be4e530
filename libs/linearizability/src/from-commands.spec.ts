import { describe, expect, it } from '@jest/globals';
import { nodeAddress, winsockPolicy, type SessionAddress } from '@joinleaf/multipoint';
import { inputOf, outputOf } from './from-commands.js';
import { root } from './testing.js';

const opening = {
  type: 'OpenSession',
  address: 'conf-7' as SessionAddress,
  root,
  control: 'rooted',
  data: 'nonrooted',
} as const;

describe('a command as an input', () => {
  it('keeps of a policy what the model knows', () => {
    const policy = { ...winsockPolicy, capacity: 3, joinDeadlineMs: 5 };
    const expected = { type: 'open', root, policy: { admit: 'ask', capacity: 3 } };
    expect(inputOf({ ...opening, policy })).toEqual(expected);
    const changes = { admit: 'auto', joinDeadlineMs: 7 } as const;
    expect(inputOf({ type: 'ChangePolicy', root, changes })).toEqual({
      type: 'policy',
      root,
      changes: { admit: 'auto' },
    });
  });

  it('is none where the model does not know the policy', () => {
    const identity = { kind: 'replace-old' } as const;
    expect(inputOf({ ...opening, policy: { ...winsockPolicy, identity } })).toBe(null);
    expect(inputOf({ type: 'ChangePolicy', root, changes: { deny: ['bob'] } })).toBe(null);
  });

  it('says whose deadline has come, from what came of it', () => {
    const join = { code: 'WSAETIMEDOUT', reason: 'timed-out' } as const;
    const events = [
      { type: 'JoinFailed', join: 'J1', ...join },
      { type: 'JoinFailed', join: 'J4', ...join },
    ] as const;
    const expected = { type: 'expire', joins: ['J1', 'J4'] };
    expect(inputOf({ type: 'ExpireJoins', now: 1 }, events)).toEqual(expected);
  });

  it('names sockets in full', () => {
    const leafAddress = nodeAddress('bob', 1);
    const asked = { flags: 'both', callerData: null, now: 1, deadlineMs: null } as const;
    const command = { type: 'RequestJoin', caller: root, leafAddress, ...asked } as const;
    expect(inputOf(command)).toEqual({ type: 'join', socket: root, local: 'bob:1' });
  });
});

describe('a reply as an output', () => {
  const basedOn = { revision: 3, decisions: 1 };

  it('is a refusal of the session where it names what it is based on', () => {
    const reply = { ok: false, code: 'WSAENOBUFS', rule: 'H5', basedOn } as const;
    expect(outputOf(reply)).toEqual({ type: 'refused', code: 'WSAENOBUFS', basedOn });
  });

  it('turns away where the session had no part in it', () => {
    const overload = { ok: false, code: 'WSAENOBUFS', rule: 'H13', basedOn: null } as const;
    expect(outputOf(overload)).toEqual({ type: 'turned-away', code: 'WSAENOBUFS' });
    const foreign = { ok: false, code: 'WSAEINVAL', rule: 'H9', basedOn } as const;
    expect(outputOf(foreign)).toEqual({ type: 'turned-away', code: 'WSAEINVAL' });
  });

  it('is no answer where nobody knows', () => {
    const reply = { ok: false, code: 'WSAEINPROGRESS', rule: 'H12', basedOn: null } as const;
    expect(outputOf(reply)).toEqual({ type: 'unknown' });
  });

  it('is what the caller got', () => {
    const told = { ok: true, revision: 4 } as const;
    expect(outputOf({ ...told, answer: { type: 'opened', incarnation: 1 } })).toEqual({
      type: 'accepted',
      changed: true,
      revision: 4,
    });
    const joined = { type: 'joined', join: 'J2', link: null } as const;
    const expected = { type: 'admitted', join: 'J2', revision: 4 };
    expect(outputOf({ ...told, answer: joined })).toEqual(expected);
    expect(outputOf({ ...told, answer: { ...joined, type: 'accepted', leaf: root } })).toEqual(
      expected,
    );
  });
});
