import { fold } from '@joinleaf/event-log';
import { Chance, Simulation } from '@joinleaf/sim';
import { decode, nodeRecordSchema } from '@joinleaf/wire';
import { untold } from '../deployment/check-bulletins.js';
import { findingsIn } from '../deployment/check-history.js';
import { membersOf } from '../deployment/ghosts.js';
import { commitsOf, sessionsIn, type Records } from '../deployment/records.js';
import type { Journal } from '../deployment/journal.js';
import { checkHistories, explain, type History } from '@joinleaf/linearizability';
import { Recording } from '../deployment/recording.js';
import { merged } from './life-journal.js';
import { Play } from './players.js';
import { simRecords } from './sim-records.js';
import { Swarm } from './swarm.js';

export interface SeedWish {
  readonly seed: number;
  /** How long faults strike, in simulated milliseconds. */
  readonly faultsMs?: number;
}

/** What one seed came to. */
export interface SeedResult {
  readonly seed: number;
  readonly replicas: 1 | 3;
  readonly faults: readonly string[];
  /** What is wrong; none when every promise was kept. */
  readonly findings: readonly string[];
  /** What happened, and how often: what a campaign must have seen. */
  readonly counts: ReadonlyMap<string, number>;
  /** What is on record and what programs were told, for whoever wants to know why. */
  readonly history: {
    readonly records: Records;
    readonly journal: Journal;
    readonly histories: readonly History[];
  };
  readonly joins: number;
  readonly commits: number;
  readonly simulatedMs: number;
}

/** What the broker's clock says when the simulation begins. */
const epoch = 1_900_000_000_000;
/** A node that was cut off may need so long to notice, and to come back. */
const comebackMs = 4_000;
const faultsMsDefault = 8_000;
/** How long a healed deployment may take to come to rest: deadlines, bounds, and elections before that. */
const restMs = 60_000;

/**
 * Plays one life of a deployment: programs and faults, then no faults, then rest; and holds everything that is on record and
 * everything that programs were told against the promises.
 */
export async function runSeed({ seed, faultsMs = faultsMsDefault }: SeedWish): Promise<SeedResult> {
  const chance = new Chance(seed);
  const replicas = chance.pick([1, 3] as const);
  const simulation = new Simulation({
    seed,
    replicas,
    arbiters: chance.whole(1, 3),
    notifiers: chance.whole(1, 2),
  });
  const { timeline } = simulation;
  const play = new Play({
    simulation,
    chance: chance.fork('play'),
    rooms: ['conf-1', 'conf-2'].slice(0, chance.whole(1, 2)),
    guests: ['ann', 'bob', 'cid', 'dan'].slice(0, chance.whole(2, 4)),
  });
  const swarm = new Swarm(simulation, play, chance.fork('swarm'));
  const recording = new Recording(epoch);
  simulation.nats.tap = recording;
  const never = () => false;

  simulation.start();
  play.begin();
  await timeline.run(never, 1_000);
  swarm.begin();
  await timeline.run(never, 1_000 + faultsMs);
  swarm.stop();
  simulation.heal();
  await timeline.run(never, timeline.now + 2_000);
  play.stop();
  const findings = [...(await atRest(simulation, play))];

  const records = simRecords(simulation);
  const journal = merged(play.journals);
  findings.push(
    ...simulation.findings,
    ...findingsIn(records, { journal }),
    ...ghosts(records, play),
    ...(swarm.disturbsBeats ? [] : givenUpTooSoon(simulation)),
  );
  for (const [what, count] of Object.entries(simulation.appends))
    simulation.count(`append: ${what}`, count);
  countHistory(simulation, records);
  countClients(simulation, play);
  simulation.count('a leader lagged', simulation.jetstream.lagged);
  const histories = recording.histories(seed, records);
  findings.push(...unchecked(histories, records), ...illegal(histories, simulation));
  return {
    seed,
    replicas,
    faults: swarm.kinds,
    findings,
    counts: simulation.counts,
    history: { records, journal, histories },
    joins: journal.answers.length,
    commits: records.commits.length,
    simulatedMs: timeline.now,
  };
}

// Everything comes to rest: calls end, deadlines pass, the dead are missed, and everybody is told.
async function atRest(simulation: Simulation, play: Play): Promise<readonly string[]> {
  const { timeline } = simulation;
  const until = timeline.now + restMs;
  const isQuiet = async () => {
    await timeline.run(() => false, timeline.now + 1_000);
    if (!play.isSettled) return false;
    const records = simRecords(simulation);
    const isDone =
      untold(records) === 0 && ghosts(records, play).length === 0 && nobodyWaits(records);
    // A node may still have to ask for what it missed.
    return isDone && findingsIn(records, { journal: merged(play.journals) }).length === 0;
  };
  while (timeline.now < until) if (await isQuiet()) return [];
  return play.isSettled ? [] : ['calls had no outcome long after the last fault'];
}

// The model knows everything that is done here: no session may be left out.
function unchecked(histories: readonly History[], records: Records): readonly string[] {
  const checked = new Set(histories.map(({ session }) => session));
  return sessionsIn(records)
    .filter((session) => !checked.has(session))
    .map((session) => `there is no history of ${session}`);
}

// On a cluster, a refusal may rest on what a leader knew that had not caught up.
function illegal(histories: readonly History[], { jetstream }: Simulation): readonly string[] {
  const staleRefusals = jetstream.replicas > 1;
  return checkHistories(histories, { staleRefusals, stepsMax: 300_000 }).flatMap((result) => {
    return result.verdict === 'illegal' ? [`not linearizable: ${explain(result)}`] : [];
  });
}

// A join that waits has its deadline, and whoever keeps it.
function nobodyWaits(records: Records): boolean {
  return sessionsIn(records).every((session) => {
    const folded = fold(commitsOf(records, session)).session;
    return folded.phase !== 'open' || (folded.invitation === null && folded.requests.size === 0);
  });
}

// A member that no living program knows of.
function ghosts(records: Records, play: Play): readonly string[] {
  const { held } = play;
  return sessionsIn(records).flatMap((session) =>
    membersOf(records, session)
      .filter((leaf) => !held.has(leaf))
      .map((leaf) => `${leaf} is a ghost in ${session}`),
  );
}

// Nobody may be given up who beats, whatever happens to the arbiters: only what happened to the node or to the broker
// excuses it.
function givenUpTooSoon(simulation: Simulation): readonly string[] {
  const { jetstream, subjects } = simulation;
  return jetstream.stream(subjects.streams.nodes).readable.flatMap(({ data, storedAt }) => {
    const decoded = decode(nodeRecordSchema, data, data.length);
    if (!decoded.ok || decoded.value.type !== 'NodeLost') return [];
    const { node, boundMs, silentMs } = decoded.value;
    const lostAt = storedAt - epoch;
    const isExcused = simulation.wasTroubled(
      node,
      lostAt - Math.max(boundMs, silentMs) - comebackMs,
      lostAt,
    );
    return isExcused ? [] : [`${node} was given up after ${String(silentMs)} ms, and was there`];
  });
}

function countClients(simulation: Simulation, { stats }: Play): void {
  for (const { unknown, gaps, resumes, duplicatesDropped } of stats) {
    simulation.count('client: unknown', unknown);
    simulation.count('client: gaps', gaps);
    simulation.count('client: resumes', resumes);
    simulation.count('client: told twice by the network', duplicatesDropped);
  }
}

function countHistory(simulation: Simulation, records: Records): void {
  for (const { decisions } of records.commits) {
    for (const { command, events } of decisions) {
      simulation.count(`command: ${command.type}`);
      for (const event of events) simulation.count(`event: ${event.type}`);
    }
  }
  for (const { code, rule } of records.refusals) simulation.count(`refusal: ${code} ${rule}`);
}
