import type { Base64, JoinFlags } from '@joinleaf/multipoint';
import { connectDataBytesMax } from '@joinleaf/wire';
import { z } from 'zod';

/** What a local program is asked: the body of a POST. */
export interface AdmissionQuestion {
  readonly endpoint: string;
  readonly session: string;
  readonly join: string;
  readonly from: string;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  readonly deadlineAt: number | null;
}

/** What it answers. */
export const admissionAnswer = z.discriminatedUnion('decision', [
  z.strictObject({
    decision: z.literal('accept'),
    calleeData: z
      .base64()
      .refine((text) => Buffer.from(text, 'base64').length <= connectDataBytesMax, 'is too long')
      .nullable()
      .default(null),
  }),
  z.strictObject({ decision: z.literal('reject') }),
  z.strictObject({ decision: z.literal('defer') }),
]);
export type AdmissionAnswer = z.output<typeof admissionAnswer>;

export type AskedProgram =
  | { readonly ok: true; readonly answer: AdmissionAnswer }
  /** In words for a log; nothing of what the program wrote. */
  | { readonly ok: false; readonly problem: string };

const answerBytesMax = 16_384;

/** Asks a program whether to accept. Redirects are not followed, and a long answer is not read. */
export async function askProgram(
  url: string,
  question: AdmissionQuestion,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<AskedProgram> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(question),
      redirect: 'error',
      signal: AbortSignal.any([signal, timeout]),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return { ok: false, problem: `answered ${String(response.status)}` };
    }
    return answerIn(await textOf(response));
  } catch (error) {
    return { ok: false, problem: timeout.aborted ? 'did not answer in time' : reasonOf(error) };
  }
}

function answerIn(text: string | null): AskedProgram {
  if (text === null) return { ok: false, problem: 'answered more than 16 KiB' };
  const parsed = admissionAnswer.safeParse(jsonOrNull(text));
  return parsed.success
    ? { ok: true, answer: parsed.data }
    : { ok: false, problem: 'answered what is no decision' };
}

async function textOf(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  if (body === null) return '';
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// fetch wraps what the system said.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'could not be asked';
  return error.cause instanceof Error ? error.cause.message : error.message;
}
