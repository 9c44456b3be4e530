import { refusedHappening } from '../client-words.js';
import type { ExitCode } from '../exit-codes.js';
import { endpointIn } from '../flag-values.js';
import { hold } from '../holding.js';
import { Narrator } from '../narrator.js';
import { connectNode } from '../node-connection.js';
import { parseSpan } from '../settings.js';
import type { VerbContext } from '../verb.js';
import type { Invitation } from '@joinleaf/client';
import { hear } from './join.js';
import { suggest } from '../verb.js';

export interface ListenOptions {
  readonly accept?: string;
  readonly for?: string;
  readonly reveal?: boolean;
}

/** `joinleaf listen bob:1`: a leaf that can be invited, until Ctrl-C. */
export async function listen(
  context: VerbContext,
  address: string,
  options: ListenOptions,
): Promise<ExitCode> {
  const { node, port } = endpointIn('endpoint', address);
  const narrator = new Narrator(context);
  const forMs = options.for === undefined ? undefined : parseSpan(options.for, '--for');
  await using jl = await connectNode(context, node);
  const listener = jl.listen(port);
  narrator.tell({
    event: 'listening',
    words: `at ${listener.address}`,
    fields: { address: listener.address },
  });
  suggest(context, `joinleaf open conf-7 --node ada --invite ${listener.address}`);
  const accepts = (options.accept ?? 'all') === 'all';
  const answering = async (): Promise<void> => {
    for await (const invitation of listener) {
      void answer(invitation, { narrator, accepts, reveal: options.reveal === true });
    }
  };
  void answering();
  return await hold({ jl, narrator, interrupted: context.world.interrupted, forMs });
}

interface Answering {
  readonly narrator: Narrator;
  readonly accepts: boolean;
  readonly reveal: boolean;
}

async function answer(
  invitation: Invitation,
  { narrator, accepts, reveal }: Answering,
): Promise<void> {
  const { session, join, from } = invitation;
  narrator.tell({
    event: 'FD_ACCEPT',
    words: `${join} of ${session}, from ${from}`,
    fields: { session, join, from },
  });
  if (!accepts) {
    const rejected = await invitation.reject();
    if (!rejected.ok) narrator.tell(refusedHappening('reject', rejected));
    return;
  }
  const accepted = await invitation.accept();
  if (!accepted.ok) {
    narrator.tell(refusedHappening('accept', accepted));
    return;
  }
  const { leaf } = accepted;
  narrator.tell({
    event: 'joined',
    words: `${join} ${leaf.address} is a member of ${session}`,
    fields: { session, join, address: leaf.address, socket: leaf.socket },
  });
  await hear(leaf, narrator, reveal);
}
