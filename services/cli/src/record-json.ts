import { basisText, positionText, type Cast, type Step } from '@joinleaf/replay';
import { actorName } from '@joinleaf/transcript';

/** A record for programs. What programs attached is a length, unless it is to be revealed. */
export function recordJson(step: Step, cast: Cast, reveal: boolean) {
  const record = step.kind === 'decision' ? decisionJson(step) : refusalJson(step);
  const command = step.kind === 'decision' ? step.decided.command : step.refusal.command;
  const full = { ...record, who: actorName(cast.actorOf(command)) };
  return reveal ? full : withoutData(full);
}

function decisionJson(step: Extract<Step, { kind: 'decision' }>) {
  const { number, commit, decided, place, basis } = step;
  const { session, revision, hash, arbiter, decider, decidedAt, storedAt } = commit;
  return {
    number,
    kind: 'decision',
    session,
    position: positionText(step),
    revision,
    place,
    basedOn: basisText(basis),
    commandId: decided.commandId,
    command: decided.command,
    rule: decided.rule,
    events: decided.events,
    arbiter,
    decider,
    decidedAt,
    storedAt,
    hash,
  };
}

function refusalJson({ number, refusal, basis }: Extract<Step, { kind: 'refusal' }>) {
  const { session, commandId, command, code, rule, facts, arbiter, decider, decidedAt } = refusal;
  return {
    number,
    kind: 'refusal',
    session,
    basedOn: basisText(basis),
    commandId,
    command,
    code,
    rule,
    facts,
    arbiter,
    decider,
    decidedAt,
  };
}

/** The same, with caller and callee data as `{"len":24}`. */
export function withoutData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutData);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]: [string, unknown]) =>
      isData(key) && typeof field === 'string'
        ? [key, { len: Buffer.byteLength(field, 'base64') }]
        : [key, withoutData(field)],
    ),
  );
}

const isData = (key: string): boolean => key === 'callerData' || key === 'calleeData';
