import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { socketParts, type SessionAddress, type SocketId } from '@joinleaf/multipoint';
import { retrySentence } from '@joinleaf/replay';
import {
  decode,
  encode,
  replySchema,
  type AcceptedReply,
  type RefusedReply,
  type RequestInput,
  type Verb,
} from '@joinleaf/wire';
import { exitCodes, Trouble } from './exit-codes.js';
import { connectLive, type Live } from './live.js';
import { refusedWords } from './node-connection.js';
import { quoted } from './targets.js';
import type { VerbContext } from './verb.js';

/** A command that an operator sends in the name of a socket's node. */
export type OperatorCommand = {
  [V in Extract<Verb, 'accept' | 'reject' | 'close'>]: {
    readonly verb: V;
    /** Whose socket acts; its serial is `socket` in the request. */
    readonly socket: SocketId;
    readonly body: Omit<RequestInput<V>, 'v' | 'commandId' | 'incarnation' | 'socket'>;
  };
}[Extract<Verb, 'accept' | 'reject' | 'close'>];

const replyBytesMax = 65_536;
const tryMs = 1_000;
const pauseMs = 100;

/**
 * Asks before something is written, on a terminal; elsewhere only `--yes` says yes.
 *
 * @throws Trouble (usage) where nobody can be asked, (failure) when the answer is no.
 */
export async function confirm(context: VerbContext, effect: string, yes: boolean): Promise<void> {
  if (yes) return;
  context.terminal.remark(effect);
  const answer = await context.world.ask('Go ahead? [y/N] ');
  if (answer === null) {
    throw new Trouble(exitCodes.usage, 'this writes, and there is nobody to ask', [
      'say it with --yes',
    ]);
  }
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new Trouble(exitCodes.failure, 'nothing was done');
}

/**
 * Sends a command as the node that owns the socket, with the credentials of the services, and repeats it under
 * the same command id until it is answered.
 *
 * @throws Trouble (failure) for a refusal, (unknown) when no answer came in time.
 */
export async function operate(
  context: VerbContext,
  session: SessionAddress,
  command: OperatorCommand,
): Promise<AcceptedReply> {
  const settings = context.settings();
  const signal = context.world.interrupted;
  await using live = await connectLive(settings, { role: 'services', signal });
  const { node, incarnation, serial } = socketParts(command.socket);
  const commandId = `operator-${randomBytes(9).toString('base64url')}`;
  const body = { v: 1, commandId, incarnation, socket: serial, ...command.body };
  const subject = live.subjects.command(node, session, command.verb);
  const deadline = performance.now() + settings.timeoutMs;
  for (let tries = 0; ; tries += 1) {
    const asked = tries === 0 ? body : { ...body, repeat: true };
    const reply = await askOnce(live, subject, encode(asked));
    if (reply?.ok === true) return reply;
    if (reply !== null && reply.code !== 'WSAEINPROGRESS') throw refusal(reply);
    if (performance.now() >= deadline || signal.aborted) throw noAnswer(session, commandId);
    await delay(pauseMs);
  }
}

async function askOnce({ nc }: Live, subject: string, bytes: Uint8Array) {
  try {
    const message = await nc.request(subject, bytes, { timeout: tryMs });
    const reply = decode(replySchema, message.data, replyBytesMax);
    return reply.ok ? reply.value : null;
  } catch {
    return null; // Not answered, perhaps done: the same command id may be sent again.
  }
}

const refusal = (reply: RefusedReply): Trouble =>
  new Trouble(exitCodes.failure, `refused ${refusedWords(reply)}`, [
    `${reply.retry}: ${retrySentence(reply.retry)}`,
  ]);

const noAnswer = (session: SessionAddress, commandId: string): Trouble =>
  new Trouble(exitCodes.unknown, 'no answer: nobody knows whether it happened', [
    'the log will tell, if the services run:',
    `joinleaf why ${quoted(session)} ${commandId}`,
    'joinleaf ping',
  ]);
