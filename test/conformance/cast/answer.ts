import { INVALID_SOCKET, SOCKET_ERROR, WSA, type WsaName } from '../winsock.js';

/** The out cell that every call of the door takes last. */
export interface ErrorCell {
  name: string | null;
  number: number;
  rule: string | null;
  message: string;
  facts: unknown;
}

/** What a call of the door answered: its value, and on failure what its error cell says. */
export type Answer =
  | { readonly ok: true; readonly value: number }
  | {
      readonly ok: false;
      readonly value: number;
      readonly code: string;
      readonly number: number;
      readonly rule: string;
      readonly facts: unknown;
    };

export const errorCell = (): ErrorCell => ({
  ...{ name: null, number: 0, rule: null, message: '', facts: null },
});

/** @throws Error when value and cell contradict each other, whatever the test is about. */
export function answerOf(call: string, value: unknown, error: ErrorCell): Answer {
  if (typeof value !== 'number') throw new Error(`${call} answered ${String(value)}`);
  const failed = value === SOCKET_ERROR || value === INVALID_SOCKET;
  if (failed !== (error.number !== 0)) {
    throw new Error(`${call} answered ${String(value)} and says ${JSON.stringify(error)}`);
  }
  if (!failed) return { ok: true, value };
  const { name, number, rule, facts } = error;
  if (name === null || rule === null || WSA[name as WsaName] !== number) {
    throw new Error(`${call} has no such error: ${JSON.stringify(error)}`);
  }
  return { ok: false, value, code: name, number, rule, facts };
}

/** For what has to work before a test begins. */
export function must<T extends Answer>(answer: T): Extract<T, { readonly ok: true }> {
  if (answer.ok) return answer as Extract<T, { readonly ok: true }>;
  throw new Error(`was refused: ${answer.code}, rule ${answer.rule}`);
}

/** What a test expects of an answer. */
export const done = { ok: true } as const;
export const refused = (code: WsaName) => ({ ok: false, code, number: WSA[code] }) as const;
