import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { printedChance } from '../deployment/chance.js';
import { runCampaign, type CampaignResult, type Suffered } from './campaign.js';
import { faults } from './catalogue/all.js';
import { notHere } from './catalogue/not-here.js';
import { sufferedLine } from './page.js';
import { hindrance } from './plan.js';
import { Sightings } from './sightings.js';

// The faults that matter most, once each, on one broker. `npm run faults` has all of them, and three brokers.

const chance = printedChance('faults.short.e2e');
const ids = ['F3', 'F4', 'F13', 'F15', 'F21', 'F61', 'F45'];

let result: CampaignResult;
const sightings = new Sightings();
const told: Suffered[] = [];

beforeAll(async () => {
  const plan = {
    seed: chance.seed,
    replicas: 1 as const,
    faults: faults.filter(({ id }) => ids.includes(id)),
  };
  result = await runCampaign(plan, {
    namespaces: false,
    timeLibrary: null,
    sightings,
    onSuffered: (suffered) => {
      told.push(suffered);
      process.stderr.write(sufferedLine(suffered));
    },
  });
}, 150_000);

describe('a deployment under programs that come and go', () => {
  it.each(ids)('keeps its promises through %s', (id) => {
    const suffered = result.suffered.find(({ fault }) => fault.id === id);
    expect(suffered?.findings).toEqual([]);
    expect(told).toContain(suffered);
  });

  it('has a history without a flaw at the end', () => {
    expect(result.findings).toEqual([]);
    expect(result.answers.joined).toBeGreaterThan(20);
  });

  it('was in the states that the faults are for', () => {
    const due = ['F4', 'F13', 'F21', 'F61', 'F45'];
    expect(sightings.missing(due)).toEqual([]);
  });
});

describe('the faults', () => {
  it('are each in the table once, or have a reason why not', () => {
    const all = [...faults.map(({ id }) => id), ...Object.keys(notHere)];
    const numbers = all.map((id) => Number(id.slice(1))).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 78 }, (_, index) => index + 1));
  });

  it('say what they need of a machine', () => {
    const missing = { namespaces: 'no root', faketime: 'no library' };
    const left = faults.filter((fault) => hindrance(fault, missing) !== null);
    expect(left.map(({ id }) => id)).toEqual([
      'F10',
      'F38',
      'F49',
      'F50',
      'F53',
      'F54',
      'F56',
      'F57',
    ]);
  });
});

describe('what a run has to have seen', () => {
  it('is asked for after faults that make it likely, and not after others', () => {
    const seen = new Sightings();
    expect(seen.missing(['F61'])).toEqual(['a run of a node was superseded by the next one']);
    seen.saw('a run of a node was superseded by the next one');
    expect(seen.missing(['F61'])).toEqual([]);
    expect(seen.missing([])).toEqual([]);
  });
});

afterAll(() => {
  process.stderr.write(`faults.short: ${JSON.stringify(result.answers)}\n`);
});
