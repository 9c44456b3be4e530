import type { SessionEvent } from './event.js';
import { err, ok, type Result } from './result.js';
import type { Facts, Refusal, Rule, WsaCode } from './wsa.js';

/** What should happen, and the rule that says so. No events: there is nothing to do, which is fine. */
export interface Ruling {
  readonly rule: Rule;
  readonly events: readonly SessionEvent[];
}

export type Decision = Result<Ruling, Refusal>;

export const emit = (rule: Rule, ...events: readonly SessionEvent[]): Decision =>
  ok({ rule, events });

export const refuse = (code: WsaCode, rule: Rule, facts?: Facts): Decision =>
  err(facts === undefined ? { code, rule } : { code, rule, facts });
