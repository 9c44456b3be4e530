import { describe, expect, it } from '@jest/globals';
import type { CampaignResult, Suffered } from './campaign.js';
import { faults } from './catalogue/all.js';
import { isPassing } from './fault.js';
import { page } from './page.js';
import { reportOf } from './report.js';
import { Sightings } from './sightings.js';

const fault = (id: string) => {
  const found = faults.filter(isPassing).find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
};

const suffered = (id: string, more: Partial<Suffered> = {}): Suffered => ({
  fault: fault(id),
  ...{ replicas: 3, seed: 7, operations: 10, gapMs: 100, tookMs: 1_000 },
  ...{ besides: null, findings: [], evidence: null },
  ...more,
});

function report(all: readonly Suffered[], findings: readonly string[] = []) {
  const campaign: CampaignResult = {
    plan: { seed: 7, replicas: 3, faults: all.map((one) => one.fault) },
    suffered: all,
    findings,
    answers: { joined: 8, refused: 2 },
    clients: { retries: 3 },
    commits: 20,
    detectionsMs: [900, 1_100, 1_000],
  };
  const sightings = new Sightings();
  sightings.saw('a program was connected again');
  const campaigns = [campaign, campaign];
  const notInjected = { F6: 'a reason' };
  return reportOf({ seed: 7, tookMs: 1, machine: 'm', campaigns, sightings, notInjected });
}

describe('the report of a run', () => {
  it('adds up what happened, fault by fault', () => {
    const {
      faults: rows,
      totals,
      detectionMs,
    } = report([
      suffered('F36', { gapMs: 5_000 }),
      suffered('F2', { replicas: 1, besides: fault('F13') }),
    ]);
    expect(rows.map(({ id, times, operations }) => [id, times, operations])).toEqual([
      ['F2', { R1: 2, R3: 0 }, 20],
      ['F13', { R1: 2, R3: 0 }, 0],
      ['F36', { R1: 0, R3: 2 }, 20],
    ]);
    expect(totals).toMatchObject({ campaigns: 2, injected: 6, operations: 20, commits: 40 });
    expect(totals).toMatchObject({ findings: 0, gapMsMax: 5_000, acknowledgedLost: 0 });
    expect(detectionMs).toEqual({ count: 6, p50: 1_000, max: 1_100 });
  });

  it('counts what was acknowledged and lost, and what was told twice', () => {
    const lost =
      'join 3 at room-1 was told {"token":"join 3","kind":"joined"}, and the log says null';
    const twice = 'ada/1/2 hears FD_CLOSE room-1.4.0 twice';
    const { totals, findings } = report([suffered('F36', { findings: [lost, twice] })], ['other']);
    expect(totals).toMatchObject({ findings: 6, acknowledgedLost: 2, toldTwice: 2 });
    expect(findings[0]).toEqual({ where: 'F36, seed 7', finding: lost });
  });

  it('names what was due and never seen', () => {
    const { neverSeen } = report([suffered('F2'), suffered('F36')]);
    expect(neverSeen).toContain('a leader changed while a join was outstanding');
    expect(neverSeen).not.toContain('a program was connected again');
    expect(page(report([suffered('F36')]))).toContain('never seen, and due: a leader changed');
  });

  it('fits on a page that is 100 columns wide', () => {
    const text = page(report([suffered('F38'), suffered('F16', { findings: ['short'] })]));
    const rows = text.split('\n').filter((line) => /^F\d+ /.test(line));
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(100);
  });
});
