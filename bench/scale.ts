import type { Bench, BenchOptions, Tell } from './bench.js';
import type { Findings, Goal, Table } from './report.js';
import { checkAll } from './scale-check.js';
import { measureArbiters } from './scale-arbiters.js';
import { measureMembers } from './scale-members.js';
import { measureSessions } from './scale-sessions.js';
import { setScaleStage } from './scale-stage.js';

const parts = [
  {
    id: 'sessions',
    title: 'open sessions by the thousand: start, memory, joins',
    measure: measureSessions,
  },
  { id: 'members', title: 'joins among 10 to 10,000 members', measure: measureMembers },
  { id: 'arbiters', title: 'the same load on one arbiter and on two', measure: measureArbiters },
] as const;

/** How the cost of a join grows with sessions, with members of one session, and with arbiters. */
export const scaleBench: Bench = {
  name: 'scale',
  summary: 'many sessions, many members in one of them, several arbiters; memory of what is idle',
  rounds: 3,
  options: ['durability', 'seconds', 'only', 'large', 'profile'],
  choices: parts.map(({ id, title }) => ({ id, title })),
  measure: measureScale,
};

async function measureScale(options: BenchOptions, tell: Tell): Promise<Findings> {
  await using stage = await setScaleStage(options);
  const measured = [];
  for (const { id, measure } of parts) {
    if (options.chosen.has(id)) measured.push(await measure(stage, options, tell));
  }
  tell('reading everything back');
  return {
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
