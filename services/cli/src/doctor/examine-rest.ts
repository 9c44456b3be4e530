import type { NodeRecord } from '@joinleaf/wire';
import { span } from '@joinleaf/replay';
import { counted } from '../counted.js';
import type { Live } from '../live.js';
import { everythingParked } from '../verbs/parked.js';
import { look, ok, type Sign } from './sign.js';

const namesMax = 5;
const lostLatelyMs = 3_600_000;

/** Messages that nobody could read. */
export async function examineParked(live: Live, signal: AbortSignal): Promise<readonly Sign[]> {
  const parked = await everythingParked(live, signal);
  const last = parked.at(-1);
  if (last === undefined) return [ok('parked messages', 'none: every stored message was read')];
  const { stream, sequence, reason } = last.record;
  const detail = `${counted(parked.length, 'message')} could not be read, the last ${String(sequence)} of ${stream}: ${reason}`;
  return [look('parked messages', detail, 'joinleaf parked')];
}

/** Nodes, as their records tell: what is between two beats only the services know. */
export async function examineNodes(
  live: Live,
  signal: AbortSignal,
  now: number,
): Promise<readonly Sign[]> {
  const last = new Map<string, NodeRecord>();
  for await (const { record } of live.nodes.all({ signal })) last.set(record.node, record);
  const records = [...last.values()];
  const of = (...types: readonly NodeRecord['type'][]) =>
    records.filter(({ type }) => types.includes(type));
  const suspected = of('NodeSuspected');
  const lost = of('NodeLost').filter(({ at }) => now - at < lostLatelyMs);
  const up = of('NodeStarted', 'NodeHeard').length + suspected.length;
  const detail = `${String(up)} up, ${String(suspected.length)} suspected, ${String(lost.length)} lost in the last ${span(lostLatelyMs)}`;
  if (suspected.length === 0) return [ok('nodes', detail)];
  const names = suspected.slice(0, namesMax).map(({ node }) => node);
  return [
    look(
      'nodes',
      `${detail}: ${names.join(', ')}`,
      'they are silent and will be lost: look at them',
    ),
  ];
}
