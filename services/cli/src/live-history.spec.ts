import { describe, expect, it } from '@jest/globals';
import { sha256 } from '@joinleaf/jetstream-log';
import { steps, type Step } from '@joinleaf/replay';
import { crowd, everyday } from '@joinleaf/replay/contract';
import { LiveHistory } from './live-history.js';

describe('a history that grows', () => {
  it.each([
    ['everyday', everyday],
    ['crowd', crowd],
  ])('tells %s as it is told at once, however much was there before', (_, story) => {
    const { history } = story(sha256);
    const { session, commits, refusals } = history;
    const atOnce = [...steps(history)];
    for (let known = 0; known <= commits.length; known += 1) {
      const before = {
        session,
        commits: commits.slice(0, known),
        refusals: refusals.filter(({ basedOn }) => basedOn.revision < known),
      };
      const live = new LiveHistory(session, before);
      for (const commit of commits) live.takeCommit(commit);
      for (const refusal of refusals) live.takeRefusal(refusal);
      expect(live.revision).toBe(commits.length);
      expect(live.steps).toHaveLength(atOnce.length);
      expect(live.steps.map(told).sort()).toEqual(atOnce.map(told).sort());
    }
  });

  it('takes nothing twice', () => {
    const { history } = everyday(sha256);
    const live = new LiveHistory(history.session, history);
    expect(history.commits.flatMap((commit) => live.takeCommit(commit))).toEqual([]);
    expect(history.refusals.map((refusal) => live.takeRefusal(refusal)).filter(Boolean)).toEqual(
      [],
    );
  });

  it('says so when a refusal was based on what has not arrived', () => {
    const { history } = everyday(sha256);
    const live = new LiveHistory(history.session, { ...history, commits: [], refusals: [] });
    const [refusal] = history.refusals;
    if (refusal === undefined) throw new Error('the story has refusals');
    expect(live.takeRefusal(refusal)).toMatchObject({ before: null, trusted: false });
  });
});

const told = (step: Step): string =>
  step.kind === 'decision'
    ? `${step.decided.commandId} ${JSON.stringify([step.before, step.after])}`
    : `${step.refusal.commandId} ${JSON.stringify(step.before)}`;
