import type { Link, Root, SocketEvent } from '@joinleaf/client';
import { isGroupAddress, type AdmissionPolicy, type SessionAddress } from '@joinleaf/multipoint';
import { eventHappening, linkOver, refusedHappening } from '../client-words.js';
import { BadWord, exitCodes, type ExitCode } from '../exit-codes.js';
import { choice, endpointIn, whole } from '../flag-values.js';
import { hold } from '../holding.js';
import { Narrator } from '../narrator.js';
import { connectNode, translated } from '../node-connection.js';
import { policyFrom, type PolicyFlags } from '../policy-flags.js';
import { parseSpan } from '../settings.js';
import { parseSession, quoted } from '../targets.js';
import { suggest, type VerbContext } from '../verb.js';

export interface OpenOptions extends PolicyFlags {
  readonly node?: string;
  readonly backlog?: string;
  readonly accept?: string;
  readonly invite?: readonly string[];
  readonly for?: string;
  readonly reveal?: boolean;
}

/** `joinleaf open conf-7 --node ada`: holds a session's root until Ctrl-C; `open @news` sets up a group. */
export async function open(
  context: VerbContext,
  address: string,
  options: OpenOptions,
): Promise<ExitCode> {
  const session = parseSession(address, context.world.cwd);
  const policy = policyFrom(options);
  if (isGroupAddress(session) && policy.rootLoss !== undefined) {
    throw new BadWord('--root-loss', `${session} is a group: it has no root to lose`);
  }
  if (isGroupAddress(session)) return setUp(context, session, policy, options);
  if (options.node === undefined) {
    throw new BadWord('--node', 'whose root is it? --node is missing', [
      `joinleaf open ${quoted(address)} --node ada`,
    ]);
  }
  return holdRoot(context, { session, node: options.node, policy }, options);
}

async function setUp(
  context: VerbContext,
  group: SessionAddress,
  policy: Partial<AdmissionPolicy>,
  { node = 'operator' }: OpenOptions,
): Promise<ExitCode> {
  await using jl = await connectNode(context, node);
  await translated(() => jl.openGroup(group, policy));
  new Narrator(context).tell({
    event: 'opened',
    words: `${group} is set up; whoever joins is a member at once`,
    fields: { session: group, policy },
  });
  suggest(context, `joinleaf join ${group} --node bob`, `joinleaf close ${group}`);
  return exitCodes.fine;
}

interface Opening {
  readonly session: SessionAddress;
  readonly node: string;
  readonly policy: Partial<AdmissionPolicy>;
}

async function holdRoot(
  context: VerbContext,
  { session, node, policy }: Opening,
  options: OpenOptions,
): Promise<ExitCode> {
  const accept = choice('--accept', options.accept ?? 'none', ['all', 'none']);
  const backlog =
    options.backlog === undefined ? {} : { backlog: whole('--backlog', options.backlog) };
  const forMs = options.for === undefined ? undefined : parseSpan(options.for, '--for');
  const invited = (options.invite ?? []).map((text) => {
    const leaf = endpointIn('--invite', text);
    return `${leaf.node}:${String(leaf.port)}`;
  });
  const narrator = new Narrator(context);
  await using jl = await connectNode(context, node);
  const root = await translated(() => jl.openRoot(session, { ...policy, ...backlog }));
  narrator.tell({
    event: 'opened',
    words: `${session} by ${root.socket}`,
    fields: { session, root: root.socket, incarnation: root.incarnation, policy },
  });
  hints(context, { session, policy, accept });
  const keeper = new RootKeeper({ root, narrator, reveal: options.reveal === true });
  keeper.begin(keeper.listen());
  if (accept === 'all') keeper.begin(keeper.acceptAll());
  keeper.begin(keeper.invite(invited));
  const { interrupted } = context.world;
  return await translated(() => hold({ jl, narrator, interrupted, forMs, over: keeper.over }));
}

interface Hinting {
  readonly session: SessionAddress;
  readonly policy: Partial<AdmissionPolicy>;
  readonly accept: string;
}

function hints(context: VerbContext, { session, policy, accept }: Hinting): void {
  const asks = policy.admit !== 'auto' && accept === 'none';
  if (asks) context.terminal.remark('requests wait for an answer from elsewhere, see below');
  suggest(
    context,
    `joinleaf join ${session} --node bob`,
    ...(asks ? [`joinleaf accept ${session}`, `joinleaf reject ${session}`] : []),
    `joinleaf show ${session}`,
  );
}

/** What the program of a root does: hears, and does as it was told. */
class RootKeeper {
  readonly #root: Root;
  readonly #narrator: Narrator;
  readonly #reveal: boolean;
  readonly #followed = new Set<string>();
  readonly #over = Promise.withResolvers<ExitCode>();

  constructor(parts: {
    readonly root: Root;
    readonly narrator: Narrator;
    readonly reveal: boolean;
  }) {
    this.#root = parts.root;
    this.#narrator = parts.narrator;
    this.#reveal = parts.reveal;
  }

  /** Resolves when the session is over without our doing. Rejects with what went wrong in a part of the work. */
  get over(): Promise<ExitCode> {
    return this.#over.promise;
  }

  /** A part of the work, beside the others. */
  begin(work: Promise<void>): void {
    work.catch(this.#over.reject);
  }

  async listen(): Promise<void> {
    for await (const event of this.#root.events()) {
      this.#narrator.tell(eventHappening(event, this.#reveal));
      const link = linkIn(event);
      if (link !== null) this.#follow(link);
    }
    if (!this.#root.isOpen) this.#over.resolve(exitCodes.fine);
  }

  async acceptAll(): Promise<void> {
    for await (const request of this.#root.requests()) {
      const answer = await request.accept();
      if (!answer.ok) {
        this.#narrator.tell(refusedHappening('accept', answer));
        continue;
      }
      const { link, join } = answer;
      this.#narrator.tell({
        event: 'accepted',
        words: `${join} ${link.leaf} is a member`,
        fields: { session: link.session, join, leaf: link.leaf, link: link.socket },
      });
      this.#follow(link);
    }
  }

  /** One after the other: a root has one join outstanding at a time (R50). */
  async invite(leaves: readonly string[]): Promise<void> {
    for (const leaf of leaves) {
      const join = await this.#root.joinLeaf(leaf);
      const outcome = await join.connected;
      if (!outcome.ok && join.id === null) this.#narrator.tell(refusedHappening('invite', outcome));
      if (outcome.ok) this.#follow(outcome.link);
    }
  }

  #follow(link: Link): void {
    if (this.#followed.has(link.socket)) return;
    this.#followed.add(link.socket);
    void link.over.then(({ code, by }) => {
      if (by === 'peer') this.#narrator.tell(linkOver(link, code));
    });
  }
}

const linkIn = (event: SocketEvent): Link | null =>
  event.type === 'LINKED' || event.type === 'FD_CONNECT' ? event.link : null;
