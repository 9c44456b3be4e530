import {
  isGroupAddress,
  isName,
  isSessionAddress,
  parseAddress,
  portMax,
  type AdmissionPolicy,
  type JoinFlags,
  type Qos,
  type SessionAddress,
} from '@joinleaf/multipoint';
import { boundMsMax, boundMsMin, deadlineMsMax, policyField, qosField } from '@joinleaf/wire';
import { BadArgument } from './errors.js';

// Arguments are checked before anything is sent, and before anything of them becomes part of a subject.
// What a program passes from outside may be no text at all, whatever its types promise.

const nameProblem = 'is not a name: 1 to 64 characters of A-Z, a-z, 0-9, _ and -';

export function checkName(field: string, text: string): string {
  if (typeof text !== 'string' || !isName(text)) throw new BadArgument(field, nameProblem, 'E9');
  return text;
}

/** `conf-7` or `@news`. */
export function checkAddress(field: string, text: string): SessionAddress {
  if (typeof text !== 'string' || !isSessionAddress(text)) {
    throw new BadArgument(field, 'is not a session such as conf-7 or a group such as @news', 'E9');
  }
  return text;
}

/** `conf-7`: what a root opens (R13). */
export function checkSession(field: string, text: string): SessionAddress {
  const address = checkAddress(field, text);
  if (isGroupAddress(address)) throw new BadArgument(field, 'is a group, which has no root', 'R7');
  return address;
}

export function checkGroup(field: string, text: string): SessionAddress {
  const address = checkAddress(field, text);
  if (!isGroupAddress(address)) throw new BadArgument(field, 'is not a group such as @news', 'E9');
  return address;
}

/** `bob:1`. Port 0 is an endpoint nobody can be at, and refused by the provider (E7). */
export function checkEndpoint(field: string, text: string): string {
  const address = typeof text === 'string' ? parseAddress(text) : null;
  if (address?.ok !== true || address.value.family !== 'AF_NODE') {
    throw new BadArgument(field, 'is not an endpoint such as bob:1', 'E9');
  }
  return text;
}

export function checkPort(field: string, port: number): number {
  return checkWhole(field, port, { least: 0, most: portMax });
}

export function checkWhole(
  field: string,
  value: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new BadArgument(field, `is not a whole number from ${least} to ${most}`, 'H11');
  }
  return value;
}

const flagNames: readonly JoinFlags[] = ['sender-only', 'receiver-only', 'both'];

export function checkFlags(flags: JoinFlags = 'both'): JoinFlags {
  if (!flagNames.includes(flags)) {
    throw new BadArgument('flags', `is none of ${flagNames.join(', ')}`, 'R111', 'WSAEINVAL');
  }
  return flags;
}

export const checkDeadline = (deadlineMs: number | undefined): number | null =>
  deadlineMs === undefined
    ? null
    : checkWhole('deadlineMs', deadlineMs, { least: 1, most: deadlineMsMax });

export const checkBound = (boundMs: number | undefined): number | undefined =>
  boundMs === undefined
    ? undefined
    : checkWhole('boundMs', boundMs, { least: boundMsMin, most: boundMsMax });

/** How many joins may wait; the session takes the nearest number it can (R22). */
export const checkBacklog = (backlog: number): number =>
  checkWhole('backlog', backlog, { least: -1_000_000_000, most: 1_000_000_000 });

/** The flow that a join asks for; the provider says whether it makes sense (R108). */
export function checkFlow(qos: Qos | undefined): Qos | null {
  if (qos === undefined) return null;
  const parsed = qosField.safeParse(qos);
  if (parsed.success) return qos;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).filter((key) => /^\w{1,64}$/.test(key)) ?? [];
  throw new BadArgument(['qos', ...path].join('.'), `is refused: ${issue?.message ?? ''}`, 'R97');
}

const changes = policyField.partial();

/** A change of policy: what is left out stays. */
export function checkPolicy(policy: Partial<AdmissionPolicy>): Partial<AdmissionPolicy> {
  const parsed = changes.safeParse(policy);
  if (parsed.success) return policy;
  const [issue] = parsed.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const path = [...(issue?.path ?? []), ...unknown].map(String).filter(isFieldName);
  const problem = unknown.length > 0 ? 'unknown field' : issue?.message;
  throw new BadArgument(['policy', ...path].join('.'), `is refused: ${problem ?? ''}`, 'H1');
}

/** For callers without a compiler: a misspelt word must not fall back to what was not meant. */
export function checkOneOf(field: string, value: unknown, words: readonly string[]): void {
  if (typeof value === 'string' && words.includes(value)) return;
  throw new BadArgument(field, `is none of ${words.join(', ')}`, 'H1');
}

export function checkObject(field: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new BadArgument(field, 'is no object', 'H1');
}

/** An object with these fields alone: a misspelt one, which would change nothing, is refused by its name. */
export function checkOptions(options: object, known: Readonly<Record<string, true>>): void {
  checkObject('options', options);
  const unknown = Object.keys(options).find((field) => !Object.hasOwn(known, field));
  if (unknown === undefined) return;
  const fields = Object.keys(known).join(', ');
  throw new BadArgument(
    isFieldName(unknown) ? unknown : 'options',
    `is refused: unknown field; there are ${fields}`,
    'H11',
  );
}

const isFieldName = (text: string): boolean => /^\w{1,64}$/.test(text);
