import type { Bench, BenchOptions, Tell } from './bench.js';
import type { Goal, Report, Table } from './report.js';
import { checkAll } from './scale-check.js';
import { measureArbiters } from './scale-arbiters.js';
import { measureMembers } from './scale-members.js';
import { measureSessions } from './scale-sessions.js';
import { setScaleStage } from './scale-stage.js';

/** How the cost of a join grows with sessions, with members of one session, and with arbiters. */
export const scaleBench: Bench = {
  name: 'scale',
  summary: 'many sessions, many members in one of them, several arbiters; memory of what is idle',
  rounds: 3,
  measure: measureScale,
};

async function measureScale(options: BenchOptions, tell: Tell): Promise<Report> {
  await using stage = await setScaleStage(options);
  const isChosen = (part: string) => options.only === null || part.includes(options.only);
  const measurements = [
    { part: 'sessions', measure: measureSessions },
    { part: 'members', measure: measureMembers },
    { part: 'arbiters', measure: measureArbiters },
  ];
  const measured = [];
  for (const { part, measure } of measurements) {
    if (isChosen(part)) measured.push(await measure(stage, options, tell));
  }
  tell('reading everything back');
  return {
    schema: 'joinleaf.bench/2',
    bench: 'scale',
    conditions: stage.conditions,
    tables: measured.flatMap(({ tables }): readonly Table[] => tables),
    goals: measured.flatMap(({ goals }): readonly Goal[] => goals),
    notes: measured.flatMap(({ notes }): readonly string[] => notes),
    problem: await checkAll(stage.log, {
      sessions: measured.reduce((sum, { sessions }) => sum + sessions, 0),
      members: measured.reduce((sum, { members }) => sum + members, 0),
    }),
  };
}
