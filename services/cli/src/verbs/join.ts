import type { JoinFlags } from '@joinleaf/multipoint';
import type { Leaf } from '@joinleaf/client';
import { eventHappening, refusedHappening } from '../client-words.js';
import { BadWord, exitCodes, type ExitCode } from '../exit-codes.js';
import { portIn } from '../flag-values.js';
import { hold } from '../holding.js';
import { Narrator } from '../narrator.js';
import { connectNode, refusedExit, translated } from '../node-connection.js';
import { parseSpan } from '../settings.js';
import { parseSession, quoted } from '../targets.js';
import { suggest, type VerbContext } from '../verb.js';

export interface JoinOptions {
  readonly node: string;
  readonly data?: string;
  readonly flags?: string;
  readonly port?: string;
  readonly deadline?: string;
  readonly for?: string;
  readonly once?: boolean;
  readonly reveal?: boolean;
}

/**
 * `joinleaf join conf-7 --node bob`: asks to join, and stays a member until Ctrl-C. The exit code tells the
 * outcome: 0 joined, 1 refused or thrown out, 6 unknown.
 */
export async function join(
  context: VerbContext,
  address: string,
  options: JoinOptions,
): Promise<ExitCode> {
  const { cwd, interrupted } = context.world;
  const session = parseSession(address, cwd);
  const narrator = new Narrator(context);
  const asking = askingFrom(options);
  const forMs = options.for === undefined ? undefined : parseSpan(options.for, '--for');
  await using jl = await connectNode(context, options.node);
  const asked = await translated(() => jl.startJoin(session, { ...asking, signal: interrupted }));
  if (asked.id !== null) {
    narrator.tell({
      event: 'asked',
      words: `${asked.id} from ${asked.address}, waiting for an answer`,
      fields: { session, join: asked.id, address: asked.address, deadlineAt: asked.deadlineAt },
    });
  }
  const outcome = await asked.connected;
  if (!outcome.ok) {
    narrator.tell(refusedHappening('refused', outcome));
    if (interrupted.aborted) return exitCodes.interrupted;
    const { commandId, join: id } = outcome;
    suggest(
      context,
      commandId === null
        ? `joinleaf show ${quoted(session)}`
        : `joinleaf why ${quoted(session)} ${commandId}`,
      ...(id === null ? [] : [`joinleaf log ${quoted(session)} --leaf ${options.node}`]),
    );
    return refusedExit(outcome);
  }
  const { leaf } = outcome;
  narrator.tell({
    event: 'joined',
    words: `${outcome.join} ${leaf.address} is a member of ${session}`,
    fields: { session, join: outcome.join, address: leaf.address, socket: leaf.socket },
  });
  if (options.once === true) return exitCodes.fine;
  void hear(leaf, narrator, options.reveal === true);
  return await hold({ jl, narrator, interrupted, forMs, over: over(leaf) });
}

function askingFrom({ data, flags, port, deadline }: JoinOptions) {
  return {
    callerData: data,
    flags: flagsIn(flags),
    port: port === undefined ? undefined : portIn('--port', port),
    deadlineMs: deadline === undefined ? undefined : parseSpan(deadline, '--deadline'),
  };
}

const allFlags = ['both', 'sender-only', 'receiver-only'] as const;

function flagsIn(text: string | undefined): JoinFlags | undefined {
  if (text === undefined) return undefined;
  const found = allFlags.find((one) => one === text);
  if (found === undefined) throw new BadWord('--flags', `--flags is ${allFlags.join(', ')}`);
  return found;
}

/** Tells what a member's socket hears. */
export async function hear(leaf: Leaf, narrator: Narrator, reveal: boolean): Promise<void> {
  for await (const event of leaf.events()) {
    if (event.type !== 'FD_CONNECT') narrator.tell(eventHappening(event, reveal));
  }
}

/** A membership that the other side ended in good order is fine; one that broke is not. */
const over = async (leaf: Leaf): Promise<ExitCode> => {
  const { code } = await leaf.over;
  return code === null ? exitCodes.fine : exitCodes.failure;
};
