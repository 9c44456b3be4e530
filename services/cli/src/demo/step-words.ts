import type { Outcome } from './actor-protocol.js';
import type { Played } from './play.js';
import type { Expectation, Step } from './scenario.js';

const worthTellingMs = 100;

/** What a step is, in few words: `invite agent-1:1`. */
export function stepWords(step: Step, session: string): string {
  switch (step.action) {
    case 'open':
      return `open ${session}`;
    case 'policy':
      return `change the policy`;
    case 'ask':
      return step.callerData === undefined
        ? 'ask to join'
        : `ask to join: ${said(step.callerData)}`;
    case 'listen':
      return `listen at ${step.actor}:${String(step.port)}`;
    case 'accept':
    case 'reject':
    case 'defer':
      return `${step.action} ${step.from}`;
    case 'invite':
      return `invite ${step.leaf}`;
    case 'await':
      return step.leaf === undefined ? 'learn the outcome' : `learn of ${step.leaf}`;
    case 'cancel':
      return step.leaf === undefined ? 'cancel' : `cancel ${step.leaf}`;
    case 'hear':
      return step.leaf === undefined ? 'hear' : `hear of ${step.leaf}`;
    case 'leave':
      return 'leave';
    case 'drop':
      return `drop ${step.leaf}`;
    case 'close':
      return `close ${session}`;
    case 'kill':
      return 'is killed';
  }
}

/** How it ended: `refused WSAEALREADY (10037), rule R50`. */
export function outcomeWords({ step, outcome, tookMs }: Played): string {
  switch (outcome.kind) {
    case 'done':
      return 'done';
    case 'waiting':
      return 'waiting';
    case 'connected':
      return `connected${outcome.data === null ? '' : `: ${said(outcome.data)}`}`;
    case 'closed':
      return `FD_CLOSE${outcome.code === null ? '' : ` ${outcome.code}`}`;
    case 'refused':
      return `refused ${outcome.code} (${String(outcome.number)}), rule ${outcome.rule}`;
    case 'failed': {
      const after = step.action === 'await' && tookMs >= worthTellingMs;
      const when = after ? ` after ${String(tookMs)} ms` : '';
      return `failed ${outcome.code} (${String(outcome.number)})${when}`;
    }
    case 'broken':
      return outcome.message;
  }
}

/** What was wanted instead. */
export function wantedWords(step: Step, wanted: Expectation): string {
  if (step.action === 'hear') return step.code === undefined ? 'FD_CLOSE' : `FD_CLOSE ${step.code}`;
  if (wanted.kind !== 'refused' && wanted.kind !== 'failed') return wanted.kind;
  return `${wanted.kind} ${wanted.code}${wanted.rule === null ? '' : `, rule ${wanted.rule}`}`;
}

/** The sentence that belongs to a "no". */
export const explanation = (outcome: Outcome): string | null =>
  outcome.kind === 'refused' || outcome.kind === 'failed' ? outcome.message : null;

const said = (text: string): string => JSON.stringify(text);
