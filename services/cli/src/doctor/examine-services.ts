import type { ServiceAnswer } from '../ask-services.js';
import { counted } from '../counted.js';
import { clockSign } from './examine-broker.js';
import { bad, look, ok, type Sign } from './sign.js';

const lagLook = 1_000;
const namesMax = 5;

/** What of a reading the services are held against. */
export interface AskedServices {
  readonly answers: readonly ServiceAnswer[];
  readonly askedAt: number;
  readonly answeredAt: number;
  /** Where the log ended when they were asked; null when there is none. */
  readonly logEnd: number | null;
  /** Whether a service could start: it does not where the log is gone, or a stream is not what it must be. */
  readonly mayStart: boolean;
}

/** The services: whether they are there, decide by one law, keep up, and what they have stopped at. */
export function examineServices(asked: AskedServices): readonly Sign[] {
  const { mayStart } = asked;
  const sessions = asked.answers.filter(({ name }) => name === 'joinleaf-session');
  const notifiers = asked.answers.filter(({ name }) => name === 'joinleaf-notifier');
  return [
    aliveSign('session service', sessions, { without: noArbiter, mayStart }),
    ...agreementSigns(sessions),
    aliveSign('notifier', notifiers, { without: noNotifier, mayStart }),
    ...notifiers.flatMap((one) => notifierSigns(one, asked.logEnd)),
    ...stoppedSigns([...notifiers, ...sessions]),
    ...clockSigns(asked),
  ];
}

const noArbiter = 'nobody decides: every command ends as WSAENETDOWN';
const noNotifier = 'nobody is told: joins are decided, and no node hears of it';

function aliveSign(
  what: string,
  answers: readonly ServiceAnswer[],
  { without, mayStart }: { readonly without: string; readonly mayStart: boolean },
): Sign {
  if (answers.length === 0) {
    const next = mayStart
      ? 'start one; its own log says why it ended'
      : 'put the streams right first, as said above: none starts on them as they are';
    return bad(what, `none answers: ${without}`, next);
  }
  const versions = [...new Set(answers.map(({ version }) => version))];
  const names = answers.map(({ id }) => id).join(', ');
  const alive = `${String(answers.length)} alive (${names}), version ${versions.join(' and ')}`;
  return versions.length === 1
    ? ok(what, alive)
    : look(what, alive, 'finish the upgrade: all of them should be of one version');
}

// Two laws side by side decide differently, and both write to the same log (I40 of the invariants).
function agreementSigns(sessions: readonly ServiceAnswer[]): readonly Sign[] {
  const laws = [...new Set(sessions.map(({ metadata }) => metadata.decider ?? 'an unnamed law'))];
  const mismatches = [...new Set(sessions.flatMap(({ metadata }) => metadata.mismatch ?? []))];
  if (laws.length > 1) {
    const detail = `arbiters decide by ${laws.join(' and by ')}`;
    return [bad('law', detail, 'stop those of the wrong version: joinleaf info shows which')];
  }
  if (mismatches.length > 0) {
    const next = 'configure them alike: joinleaf info shows each';
    return [look('law', `arbiters differ: ${mismatches.join('; ')}`, next)];
  }
  return laws.map((law) => ok('law', `all decide by ${law}`));
}

function notifierSigns({ id, metadata }: ServiceAnswer, logEnd: number | null): readonly Sign[] {
  const { sequence, untold = '0', trouble } = metadata;
  if (trouble !== undefined) {
    return [bad('telling', `${id}: ${trouble}`, 'the nodes concerned wait; its log says more')];
  }
  if (sequence === undefined || logEnd === null) return [];
  const behind = Math.max(0, logEnd - Number(sequence));
  const waiting = Number(untold);
  const detail = `${id} has read ${sequence} of ${String(logEnd)}, ${counted(waiting, 'notification')} to tell`;
  return behind + waiting < lagLook
    ? [ok('telling', detail)]
    : [look('telling', detail, 'it may be catching up: ask again, and see whether it gets less')];
}

function stoppedSigns(answers: readonly ServiceAnswer[]): readonly Sign[] {
  const stopped = new Map<string, string>();
  for (const { metadata } of answers) {
    for (const [session, why] of stoppedIn(metadata.stopped)) stopped.set(session, why);
  }
  if (stopped.size === 0) return answers.length === 0 ? [] : [ok('sessions', 'none is stopped')];
  const shown = [...stopped].slice(0, namesMax);
  const signs = shown.map(([session, why]) =>
    bad(
      `session ${session}`,
      `is stopped: ${why}`,
      `joinleaf verify ${session}; it answers WSAENETDOWN (H14), the others go on`,
    ),
  );
  const rest = stopped.size - shown.length;
  return rest === 0
    ? signs
    : [...signs, bad('sessions', `${String(rest)} more are stopped`, 'joinleaf verify --all')];
}

function stoppedIn(text: string | undefined): readonly (readonly [string, string])[] {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null
      ? Object.entries(value).map(([session, why]) => [session, String(why)] as const)
      : [];
  } catch {
    return [];
  }
}

function clockSigns({ answers, askedAt, answeredAt }: AskedServices): readonly Sign[] {
  return answers.flatMap(({ id, metadata: { clock } }) => {
    if (clock === undefined) return [];
    const sign = clockSign(`clock of ${id}`, Number(clock), askedAt, answeredAt);
    return sign.state === 'ok' ? [] : [sign];
  });
}
