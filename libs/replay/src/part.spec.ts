import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { StoredCommit } from '@joinleaf/event-log';
import { Cast } from './cast.js';
import { counted, nothingCounted } from './checkpoint.js';
import { crowd, everyday, group, inherited } from './contract.js';
import type { History } from './history.js';
import {
  basedOn,
  PartCast,
  PartTaker,
  recordNumbered,
  revisionsBetween,
  stepsOfPart,
  type Wanted,
} from './part.js';
import { steps, type Step } from './steps.js';
import { explain } from './why.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const histories: readonly (readonly [string, History])[] = Object.entries({
  everyday,
  crowd,
  inherited,
  group,
}).map(([name, make]) => [name, make(sha256).history]);

/** Where a reader may begin: at each place that the part allows, as if there were a checkpoint. */
function* partsOf({ commits, refusals }: History, wanted: Wanted) {
  let from = nothingCounted;
  for (let at = 0; at <= commits.length; at += 1) {
    const { head, decisions } = from;
    const place = { revision: head.revision, decisions };
    if (head.revision > 0 && (head.revision > wanted.latestStart || !wanted.isBefore(place))) break;
    const taker = new PartTaker(wanted, from);
    for (const commit of commits.slice(at)) if (!taker.take(commit)) break;
    yield taker.part(refusals);
    const next: StoredCommit | undefined = commits[at];
    if (next !== undefined) from = counted(from, next);
  }
}

const numbers = (told: readonly Step[]): readonly number[] => told.map(({ number }) => number);

describe.each(histories)('a part of the history %s', (_name, history) => {
  const all = [...steps(history)];
  const last = history.commits.length;

  it('is told as the whole tells it', () => {
    for (let from = 0; from <= last + 1; from += 1) {
      for (let to = from; to <= last + 1; to += 1) {
        const within = ({ basis }: Step) => basis.revision >= from && basis.revision < to;
        for (const part of partsOf(history, revisionsBetween(from, to))) {
          const told = stepsOfPart(part).filter(within);
          expect(told).toEqual(all.filter(within));
        }
      }
    }
  });

  it('holds the record with a number, wherever it begins', () => {
    for (const step of all) {
      let tried = 0;
      for (const part of partsOf(history, recordNumbered(step.number, history.refusals))) {
        expect(stepsOfPart(part).find(({ number }) => number === step.number)).toEqual(step);
        expect(part.commits.length).toBeLessThanOrEqual(1);
        tried += 1;
      }
      expect(tried).toBeGreaterThan(0);
    }
  });

  it('holds a record beside the state that it was based on', () => {
    for (const step of all) {
      for (const part of partsOf(history, basedOn(step.basis))) {
        expect(numbers(stepsOfPart(part))).toContain(step.number);
      }
    }
  });

  it('knows who is who, or that only the whole does', () => {
    const cast = Cast.of(all);
    let known = 0;
    for (const step of all) {
      for (const part of partsOf(history, recordNumbered(step.number, history.refusals))) {
        const partCast = new PartCast(part, stepsOfPart(part));
        const explanation = explain(step, partCast);
        if (partCast.isAtLoss) continue;
        expect(explanation).toEqual(explain(step, cast));
        known += 1;
      }
    }
    expect(known).toBeGreaterThan(all.length / 2);
  });
});
