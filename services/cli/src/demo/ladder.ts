import { setTimeout as delay } from 'node:timers/promises';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { History } from '@joinleaf/replay';
import type { Line } from '@joinleaf/transcript';
import { exitCodes, Trouble } from '../exit-codes.js';
import { connectLive, type Live } from '../live.js';
import type { Settings } from '../settings.js';
import { loadSession } from '../live-sources.js';
import { ladderLines } from '../verbs/ladder.js';
import type { Broker } from './broker.js';

const timeoutMs = 5_000;
const lookAgainMs = 20;
const lookAgainMax = 100;

export interface LadderWish {
  readonly session: SessionAddress;
  /** How many commands were refused: the record of them is written behind the answer. */
  readonly refused: number;
  readonly columns: number;
  readonly signal: AbortSignal;
}

/** What `joinleaf ladder` says of the session, read as it reads: from the log, as the auditor. */
export async function ladderFromLog(broker: Broker, wish: LadderWish): Promise<readonly Line[]> {
  const { session, refused, columns, signal } = wish;
  await using live = await connectLive(settingsOf(broker), { role: 'auditor', signal });
  for (let again = 0; ; again += 1) {
    const history = await historyIn(live, session, signal);
    if (history === null) return [];
    const isWhole = history.refusals.length >= refused;
    if (isWhole || again === lookAgainMax) return ladderLines(history, columns, lastLife(history));
    await delay(lookAgainMs);
  }
}

/** What is on record; null when nothing is. */
async function historyIn(
  live: Live,
  session: SessionAddress,
  signal: AbortSignal,
): Promise<History | null> {
  try {
    return (await loadSession(live, session, signal)).history;
  } catch (error) {
    if (error instanceof Trouble && error.exitCode === exitCodes.notFound) return null;
    throw error;
  }
}

// A session that is opened again goes on in the same history.
function lastLife({ commits }: History): { readonly from?: string } {
  const opened = commits.findLast(({ decisions }) =>
    decisions.some(({ command }) => command.type === 'OpenSession'),
  );
  return opened === undefined ? {} : { from: String(opened.revision) };
}

function settingsOf({ nats, realm }: Broker): Settings {
  const { servers, user, pass } = nats.credentials.auditor;
  return { servers, realm, timeoutMs, origin: 'the demo', login: () => ({ user, pass }) };
}
