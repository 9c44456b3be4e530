import { describe, expect, it } from '@jest/globals';
import { nothingFolded, type ChainedCommit } from '@joinleaf/event-log';
import { sha256 } from '@joinleaf/jetstream-log';
import { tell, type Told } from '@joinleaf/projection';
import { everyday } from '@joinleaf/replay/contract';
import type { Bulletin, ToldNotification } from '@joinleaf/wire';
import { ToldChecks } from './told-checks.js';

// Nodes are told what a history says, with one thing changed.

const { history } = everyday(sha256);

/** What the log tells, in order. */
function toldBy(commits: readonly ChainedCommit[]): readonly Told[] {
  let folded = nothingFolded;
  return commits.flatMap((commit) => {
    const { after, told } = tell(folded, commit);
    folded = after;
    return told;
  });
}

const expected = toldBy(history.commits);
const [first] = expected;
if (first === undefined) throw new Error('the history tells something');
const { node } = first;
const ofNode = expected.filter((told) => told.node === node);

interface Kept {
  readonly notifications: readonly ToldNotification[];
  readonly first?: number;
}

const plain = (told: Told): ToldNotification =>
  JSON.parse(JSON.stringify(told.notification)) as ToldNotification;

/** Checks what one node was told against everything that the log tells. */
function problems(kept: readonly Kept[], log: readonly Told[] = expected, damaged = false) {
  const checks = new ToldChecks(logEnd);
  let number = 1;
  for (const [index, { notifications, first: at = number }] of kept.entries()) {
    const bulletin: Bulletin = {
      v: 1,
      node,
      first: at,
      sequence: index + 1,
      notifications: [...notifications],
    };
    checks.keep({ kind: 'record', record: bulletin, sequence: index + 1, storedAt: 0 });
    number = at + notifications.length;
  }
  for (const one of log.filter((told) => told.node === node)) checks.expect(one);
  const lost = [
    ...checks.unknown(
      () => Math.max(0, ...log.map(({ notification }) => notification.revision)),
      () => damaged,
    ),
  ];
  return {
    kinds: checks.findings().flatMap((one) => one.problems.map(({ kind }) => kind)),
    remarks: checks.findings().flatMap(({ remarks }) => remarks),
    lost: lost.map(({ detail }) => detail),
  };
}

const logEnd = history.commits.at(-1)?.sequence ?? 0;
const all = ofNode.map(plain);
const sound = { kinds: [], remarks: [], lost: [] };

describe('what a node was told', () => {
  it('is what the log tells, however it was cut into bulletins', () => {
    expect(all.length).toBeGreaterThan(4);
    expect(problems([{ notifications: all }])).toEqual(sound);
    expect(problems(all.map((one) => ({ notifications: [one] })))).toEqual(sound);
  });

  it('may lack its oldest part, which is not kept for ever', () => {
    expect(problems([{ notifications: all.slice(2), first: 3 }])).toEqual(sound);
  });

  it('may lack its end, and then somebody should see why', () => {
    const { kinds, remarks } = problems([{ notifications: all.slice(0, -1) }]);
    expect({ kinds, remarks }).toEqual({
      kinds: [],
      remarks: ['1 notification not told yet: is a notifier there?'],
    });
  });

  it.each<readonly [string, readonly Kept[], readonly string[]]>([
    [
      'a number is left out',
      [{ notifications: all.slice(0, 1) }, { notifications: all.slice(1), first: 3 }],
      ['numbers'],
    ],
    [
      'one was never told',
      [{ notifications: all.filter((_, index) => index !== 1) }],
      ['not-told'],
    ],
    [
      'one was told twice',
      [{ notifications: all.flatMap((one, index) => (index === 1 ? [one, one] : [one])) }],
      ['told-otherwise'],
    ],
    [
      'one was told otherwise',
      [
        {
          notifications: all.map((one, index) =>
            index === 1 ? { ...one, to: 'eve/run1/9' } : one,
          ) as ToldNotification[],
        },
      ],
      ['told-otherwise'],
    ],
  ])('is wrong when %s', (_, kept, kinds) => {
    expect(problems(kept).kinds).toEqual(kinds);
  });

  it('is wrong when two changed places', () => {
    const swapped = [...all.slice(0, 1), ...all.slice(1, 3).reverse(), ...all.slice(3)];
    expect(problems([{ notifications: swapped }]).kinds).not.toEqual([]);
  });

  it('shows that the log has lost its end', () => {
    const last = Math.max(...ofNode.map(({ notification }) => notification.revision));
    const shorter = expected.filter(({ notification }) => notification.revision < last);
    const { kinds, lost } = problems([{ notifications: all }], shorter);
    expect(kinds).toEqual([]);
    expect(lost[0]).toContain(`was told of revision ${String(last)}`);
  });

  it('says nothing of a session that is damaged', () => {
    const shorter = expected.slice(0, 2);
    const { kinds, lost } = problems([{ notifications: all }], shorter, true);
    expect({ kinds, lost }).toEqual({ kinds: [], lost: [] });
  });
});
