import { span } from '@joinleaf/replay';
import { brokerVersionMin } from '@joinleaf/jetstream-log';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Live } from '../live.js';
import { bad, look, ok, type Sign } from './sign.js';

const askMs = 1_000;
const fullAt = 0.8;
const tooFullAt = 0.95;
/** Clocks that differ by more confuse people, and by much more mislead deadlines; in milliseconds. */
const clockLookMs = 2_000;
const clockBadMs = 30_000;

/** The broker itself: its version, its store, its clock, and what whoever asks may do there. */
export async function examineBroker(live: Live, now: () => number): Promise<readonly Sign[]> {
  const { nc, subjects } = live;
  const version = nc.info?.version ?? 'unknown';
  const rttMs = await nc.rtt();
  const wanted = `${brokerVersionMin.join('.')} or newer is needed`;
  const manager = await jetstreamManager(nc, { checkAPI: false });
  const askedAt = now();
  const info = await manager.streams.info(subjects.streams.events).catch(() => null);
  const answeredAt = now();
  const clock = info === null ? NaN : Date.parse((info as { readonly ts?: string }).ts ?? '');
  const store = await storeSign(live);
  return [
    ok(
      'broker',
      `${nc.getServer()} answers in ${String(rttMs)} ms; nats-server ${version}, ${wanted}; how it syncs to disk cannot be seen from here`,
    ),
    ...store,
    ...(Number.isNaN(clock) ? [] : [clockSign("broker's clock", clock, askedAt, answeredAt)]),
    await permissionSign(live),
  ];
}

/** A clock that was read between two moments of ours. */
export function clockSign(what: string, read: number, askedAt: number, answeredAt: number): Sign {
  const offMs = read < askedAt ? askedAt - read : Math.max(0, read - answeredAt);
  const side = read < askedAt ? 'behind' : 'ahead of';
  if (offMs < clockLookMs) return ok(what, 'goes with the one of this machine');
  const detail = `is ${span(offMs)} ${side} the one of this machine`;
  const next = 'set the clocks (NTP): order is by revision, and deadlines are kept by the services';
  return offMs < clockBadMs ? look(what, detail, next) : bad(what, detail, next);
}

async function storeSign({ nc }: Live): Promise<readonly Sign[]> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  try {
    const { storage, limits } = await manager.getAccountInfo();
    return [fullness('store', storage, limits.max_storage, 'the account')];
  } catch {
    return [
      look(
        'store',
        'the broker does not say how full it is',
        'ask it with nats server report jetstream',
      ),
    ];
  }
}

/** How full something is that refuses when it is full. */
export function fullness(what: string, bytes: number, bytesMax: number, whose: string): Sign {
  const size = sizeText(bytes);
  if (bytesMax <= 0) return ok(what, `${size} used, no bound set`);
  const part = bytes / bytesMax;
  const detail = `${size} of ${sizeText(bytesMax)} used (${String(Math.round(part * 100))} %)`;
  const next = `raise the bound of ${whose} before it is full: a full log refuses joins (WSAENOBUFS, E12)`;
  if (part >= tooFullAt) return bad(what, detail, next);
  return part >= fullAt ? look(what, detail, next) : ok(what, detail);
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function sizeText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1_024 ** step;
  return `${String(Math.round(value * 10) / 10)} ${units[step] ?? 'B'}`;
}

// The broker tells a user its own permissions; who may not even ask may surely not write.
async function permissionSign({ nc, settings }: Live): Promise<Sign> {
  const user = settings.login('auditor').user ?? 'nobody in particular';
  try {
    await nc.request('$SYS.REQ.USER.INFO', '', { timeout: askMs });
  } catch {
    return ok('permissions', `you ask as ${user}, who may look and not write`);
  }
  return look(
    'permissions',
    `you ask as ${user}, who is not held to looking`,
    'log in as the auditor: whoever only looks should not be able to write',
  );
}
