import {
  isGroupAddress,
  isSocketId,
  outstanding,
  type Join,
  type JoinId,
  type OpenSession,
  type Session,
  type SessionAddress,
  type SocketId,
} from '@joinleaf/multipoint';
import { phaseText } from '@joinleaf/transcript';
import { fold } from '@joinleaf/event-log';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { Narrator } from '../narrator.js';
import { connectNode, translated } from '../node-connection.js';
import { confirm, operate } from '../operator.js';
import { load } from '../load.js';
import { parseSession, quoted } from '../targets.js';
import { loadingOf, suggest, type VerbContext } from '../verb.js';

// What an operator may do to a running session, in the name of its root: the root's program hears of it.

export interface OperateOptions {
  readonly yes?: boolean;
  readonly reason?: string;
}

/** `joinleaf accept SESSION [JOIN]`: lets a waiting leaf in. */
export async function accept(
  context: VerbContext,
  address: string,
  wanted: string | undefined,
  { yes = false }: OperateOptions,
): Promise<ExitCode> {
  const { session, open, root } = await rootedSession(context, address);
  const join = waitingRequest(open, wanted);
  await confirm(context, `${join.leafAddress} (${join.id}) becomes a member of ${session}.`, yes);
  const reply = await operate(context, session, {
    verb: 'accept',
    socket: root,
    body: { join: join.id, accepted: null, calleeData: null },
  });
  done(context, session, `${join.id} ${join.leafAddress} is a member`, reply.revision);
  return exitCodes.fine;
}

/** `joinleaf reject SESSION [JOIN]`: turns a waiting leaf away. */
export async function reject(
  context: VerbContext,
  address: string,
  wanted: string | undefined,
  { yes = false }: OperateOptions,
): Promise<ExitCode> {
  const { session, open, root } = await rootedSession(context, address);
  const join = waitingRequest(open, wanted);
  await confirm(context, `${join.leafAddress} (${join.id}) hears WSAECONNREFUSED.`, yes);
  const body = { join: join.id, reason: 'rejected' } as const;
  const reply = await operate(context, session, { verb: 'reject', socket: root, body });
  done(context, session, `${join.id} ${join.leafAddress} was turned away`, reply.revision);
  return exitCodes.fine;
}

/** `joinleaf close SESSION [WHAT]`: ends the session, or one membership. */
export async function close(
  context: VerbContext,
  address: string,
  wanted: string | undefined,
  { yes = false }: OperateOptions,
): Promise<ExitCode> {
  const session = parseSession(address, context.world.cwd);
  if (isGroupAddress(session) && wanted === undefined) return closeGroup(context, session, yes);
  const { state } = await stateOf(context, session);
  const closing = wanted === undefined ? rootOf(session, state) : part(session, state, wanted);
  await confirm(context, closing.effect, yes);
  const reply = await operate(context, session, {
    verb: 'close',
    socket: closing.socket,
    body: {},
  });
  done(context, session, closing.said, reply.revision);
  return exitCodes.fine;
}

async function closeGroup(
  context: VerbContext,
  group: SessionAddress,
  yes: boolean,
): Promise<ExitCode> {
  await confirm(context, `${group} ends, and everybody in it hears FD_CLOSE.`, yes);
  await using jl = await connectNode(context, 'operator');
  await translated(() => jl.group(group).close());
  done(context, group, `${group} is over`, null);
  return exitCodes.fine;
}

async function stateOf(context: VerbContext, session: SessionAddress) {
  const { history } = await load({ kind: 'session', session }, loadingOf(context));
  return { state: fold(history.commits).session };
}

async function rootedSession(context: VerbContext, address: string) {
  const session = parseSession(address, context.world.cwd);
  const { state } = await stateOf(context, session);
  if (state.phase === 'open' && state.root !== null)
    return { session, open: state, root: state.root };
  throw new Trouble(
    exitCodes.failure,
    `${session} has no root that could answer: ${phaseText(state)}`,
  );
}

function waitingRequest(open: OpenSession, wanted: string | undefined): Join {
  const requests = outstanding(open).filter(({ kind }) => kind === 'request');
  const ids = requests.map(({ id, leafAddress }) => `${id} from ${leafAddress}`);
  const found =
    wanted === undefined
      ? requests[0]
      : requests.find(({ id, leafAddress }) => id === wanted || leafAddress === wanted);
  if (found !== undefined) return found;
  const message =
    wanted === undefined
      ? `nobody waits for an answer in ${open.address}`
      : `no request ${JSON.stringify(wanted)} waits in ${open.address}`;
  throw new Trouble(
    exitCodes.notFound,
    message,
    ids.length === 0 ? [] : [`these wait: ${ids.join(', ')}`],
  );
}

interface Closing {
  readonly socket: SocketId;
  readonly effect: string;
  readonly said: string;
}

function rootOf(session: SessionAddress, state: Session): Closing {
  const root = state.phase === 'open' || state.phase === 'shut' ? state.root : null;
  if (root === null) {
    throw new Trouble(exitCodes.failure, `${session} has no root: ${phaseText(state)}`);
  }
  const members = state.phase === 'open' ? state.members.size : 0;
  return {
    socket: root,
    effect: `${session} ends: its root ${root} is closed, and ${String(members)} members hear FD_CLOSE.`,
    said: `${session} is closed`,
  };
}

/** A member by its endpoint, its join or its socket; what is closed is the root's link to it. */
function part(session: SessionAddress, state: Session, wanted: string): Closing {
  const open = state.phase === 'open' ? state : null;
  const member = [...(open?.members.values() ?? [])].find(
    ({ address, join, leaf, link }) =>
      address === wanted || join === (wanted as JoinId) || leaf === wanted || link === wanted,
  );
  if (member !== undefined) {
    const socket = member.link ?? member.leaf;
    return {
      socket,
      effect: `${member.address} (${member.join}) is taken out of ${session}: ${socket} is closed.`,
      said: `${member.address} (${member.join}) is out`,
    };
  }
  if (isSocketId(wanted)) {
    return { socket: wanted, effect: `${wanted} is closed.`, said: `${wanted} is closed` };
  }
  const members = [...(open?.members.values() ?? [])].slice(0, 10).map(({ address }) => address);
  throw new Trouble(
    exitCodes.notFound,
    `${JSON.stringify(wanted)} is no member and no socket of ${session}`,
    members.length === 0 ? [] : [`members are ${members.join(', ')}`],
  );
}

function done(
  context: VerbContext,
  session: SessionAddress,
  words: string,
  revision: number | null,
): void {
  new Narrator(context).tell({ event: 'done', words, fields: { session, revision, words } });
  suggest(
    context,
    `joinleaf show ${quoted(session)}`,
    ...(revision === null ? [] : [`joinleaf log ${quoted(session)} --from ${String(revision)}`]),
  );
}
