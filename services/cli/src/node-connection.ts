import {
  BadArgument,
  connect,
  JoinleafError,
  JoinleafRefusal,
  UnknownOutcomeError,
  type Joinleaf,
  type Refused,
} from '@joinleaf/client';
import { refusalText } from '@joinleaf/multipoint';
import { retrySentence } from '@joinleaf/replay';
import { BadWord, exitCodes, Trouble, type ExitCode } from './exit-codes.js';
import { quoted } from './targets.js';
import type { VerbContext } from './verb.js';

/** Connects as a node. What goes wrong becomes Trouble. */
export async function connectNode(context: VerbContext, node: string): Promise<Joinleaf> {
  const settings = context.settings();
  const { user, pass } = settings.login('nodes');
  return translated(() =>
    connect({
      servers: settings.servers,
      user,
      pass,
      realm: settings.realm,
      node,
      signal: context.world.interrupted,
      callTimeoutMs: settings.timeoutMs,
      requestTimeoutMs: Math.min(settings.timeoutMs, 2_000),
      onStatus: (status) => {
        if (status === 'disconnected') context.terminal.remark('connection lost, trying again');
      },
    }),
  );
}

/** Does what a client can refuse, and says it as Trouble. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw troubleOf(error);
  }
}

function troubleOf(error: unknown): unknown {
  if (error instanceof JoinleafRefusal) return refusedTrouble(error.refusal);
  if (error instanceof BadArgument) return new BadWord(error.field, error.message);
  if (error instanceof UnknownOutcomeError) {
    return new Trouble(exitCodes.unknown, error.message, [
      'nobody knows yet whether it happened; the log will:',
      `joinleaf why ${quoted(error.session)} ${error.commandId}`,
    ]);
  }
  if (error instanceof JoinleafError) {
    const unreachable = error.code === 'WSAENETDOWN' || error.retryable === 'unknown';
    const exitCode = unreachable ? exitCodes.unknown : exitCodes.failure;
    return new Trouble(exitCode, `${error.code} (${String(error.number)}): ${error.message}`);
  }
  return error;
}

/** A refusal as what ends a verb. */
export const refusedTrouble = (refused: Refused): Trouble =>
  new Trouble(refusedExit(refused), `refused ${refusedWords(refused)}`, refusedHints(refused));

export const refusedExit = ({ code }: Refused): ExitCode =>
  code === 'WSAEINPROGRESS' || code === 'WSAENETDOWN' ? exitCodes.unknown : exitCodes.failure;

export const refusedWords = ({
  code,
  number,
  rule,
  facts,
}: Pick<Refused, 'code' | 'number' | 'rule' | 'facts'>): string => {
  const text = refusalText({ code, rule, ...(facts === null ? {} : { facts }) });
  return `${code} (${String(number)}) by rule ${rule}: ${text}`;
};

function refusedHints({ retry, session, commandId, basedOn }: Refused): readonly string[] {
  const recorded = session !== null && commandId !== null && basedOn !== null;
  return [
    `${retry}: ${retrySentence(retry)}`,
    ...(recorded ? [`joinleaf why ${quoted(session)} ${commandId}`] : []),
  ];
}
