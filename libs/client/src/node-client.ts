import {
  bindSocket,
  createSocket,
  listenAt,
  nodeAddress,
  protocols,
  type AdmissionPolicy,
  type Refusal,
  type WsaCode,
} from '@joinleaf/multipoint';
import type {
  CallOptions,
  Closing,
  Group,
  Joinleaf,
  LeafJoin,
  LeafOptions,
  LeafOutcome,
  Listener,
  Root,
  RootOptions,
  Settled,
  Stats,
  Status,
} from './api.js';
import type { Asker } from './asker.js';
import type { Broker } from './broker.js';
import {
  checkAddress,
  checkBacklog,
  checkGroup,
  checkName,
  checkOptions,
  checkPort,
} from './check.js';
import { Earshot } from './earshot.js';
import { closedError, fencedError, JoinleafError, JoinleafRefusal } from './errors.js';
import { OperatedGroup } from './group.js';
import type { Hearing } from './hearing.js';
import { startLeafJoin } from './leaf-join.js';
import { EndpointListener } from './listener.js';
import { openRoot } from './open-root.js';
import { listenFields } from './option-fields.js';
import type { Settings } from './options.js';
import type { Provider } from './provider.js';
import { refusedHere } from './refused.js';
import type { Counters } from './stats.js';
import { ignore } from './waits.js';
import type { World } from './world.js';

/** Now and then a node asks whether it missed something and still counts, though nothing says so. */
const checkEveryMs = 30_000;
/** Nodes that lost a broker together shall not all ask it at once when it is back. */
const comebackSpreadMs = 150;
const backlogStandard = 128;

export interface ClientParts {
  readonly settings: Settings;
  readonly world: World;
  readonly broker: Broker;
  readonly asker: Asker;
  readonly provider: Provider;
  readonly hearing: Hearing;
  readonly counters: Counters;
  readonly boundMs: number;
  readonly beatMs: number;
}

/** One run of a node. */
export class NodeClient implements Joinleaf {
  readonly closed: Promise<Closing>;
  readonly #end: (closing: Closing) => void;
  readonly #timers: (() => void)[];
  #status: Status = 'connected';
  #closing: Promise<void> | null = null;
  #beatAt: number;
  readonly #earshot: Earshot;

  constructor(private readonly parts: ClientParts) {
    const { promise, resolve } = Promise.withResolvers<Closing>();
    this.closed = promise;
    this.#end = resolve;
    const { world, broker, beatMs } = parts;
    this.#beatAt = world.now();
    this.#earshot = new Earshot(parts.boundMs);
    this.#timers = [
      world.every(beatMs, () => {
        this.#beat();
      }),
      world.every(checkEveryMs, () => {
        void this.#checkIn();
      }),
      broker.onChange((isConnected) => {
        this.#changed(isConnected);
      }),
    ];
    void broker.ended.then((error) => {
      this.#give('closed', 'WSAENETDOWN', error?.message ?? 'the connection ended');
    });
  }

  /** For the Winsock door of this node. */
  get provider(): Provider {
    return this.parts.provider;
  }
  get node(): string {
    return this.parts.settings.node;
  }
  get realm(): string {
    return this.parts.settings.realm;
  }
  get incarnation(): string {
    return this.parts.provider.state.incarnation;
  }
  get boundMs(): number {
    return this.parts.boundMs;
  }
  get beatMs(): number {
    return this.parts.beatMs;
  }
  get status(): Status {
    return this.#status;
  }
  get stats(): Stats {
    const { counters, provider } = this.parts;
    return { ...counters.read(), sockets: provider.state.sockets.size };
  }

  openRoot(session: string, options: RootOptions = {}): Promise<Root> {
    return openRoot(this.parts.provider, session, options);
  }

  startJoin(session: string, options: LeafOptions = {}): Promise<LeafJoin> {
    return startLeafJoin(this.parts.provider, session, options);
  }

  async joinLeaf(session: string, options: LeafOptions = {}): Promise<LeafOutcome> {
    const { connected } = await this.startJoin(session, options);
    const outcome = await connected;
    if (!outcome.ok) options.signal?.throwIfAborted();
    return outcome;
  }

  listen(port: number, options: { readonly backlog?: number | undefined } = {}): Listener {
    const { provider } = this.parts;
    const address = nodeAddress(this.node, checkPort('port', port));
    checkOptions(options, listenFields);
    const { backlog = backlogStandard } = options;
    checkBacklog(backlog);
    provider.check();
    const protocol = protocols['mp-conference'];
    const created = provider.take(createSocket(provider.state, protocol, ['c_leaf', 'd_leaf']));
    if (!created.ok) throw refusal(created.error);
    const socket = created.value;
    const bound = provider.take(bindSocket(provider.state, { socket, address }));
    if (!bound.ok) {
      void provider.release(socket);
      throw refusal(bound.error);
    }
    // Invitations that waited for this port are heard while it begins to listen.
    const listener = new EndpointListener(provider, socket);
    const listening = provider.take(listenAt(provider.state, { socket, backlog }));
    if (listening.ok) return listener;
    void provider.release(socket);
    throw refusal(listening.error);
  }

  async openGroup(
    group: string,
    policy: Partial<AdmissionPolicy> = {},
    options: CallOptions = {},
  ): Promise<Group> {
    const opened = new OperatedGroup(this.parts.provider, checkGroup('group', group));
    await opened.open(policy, options);
    return opened;
  }

  group(group: string): Group {
    return new OperatedGroup(this.parts.provider, checkGroup('group', group));
  }

  async resolve(session: string, commandId: string, options: CallOptions = {}): Promise<Settled> {
    const address = checkAddress('session', session);
    checkName('commandId', commandId);
    options.signal?.throwIfAborted();
    this.parts.provider.check();
    return this.parts.asker.resolve(address, commandId, options);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The service declared this run of the node over: every socket hears FD_CLOSE. */
  fenced(message: string): void {
    if (this.#closing !== null) return;
    this.#give('fenced', 'WSAENETRESET', message);
  }

  async #close(): Promise<void> {
    const { world, settings, provider, asker, broker } = this.parts;
    const until = world.now() + settings.closeTimeoutMs;
    const leftMs = () => Math.max(until - world.now(), 1);
    provider.refuseMore(closedError());
    if (this.#status === 'connected' || this.#status === 'disconnected') {
      await this.#within(leftMs(), this.#leaveAll());
      await asker.stopNode({ timeoutMs: leftMs() }).catch(ignore);
    }
    this.#stop(closedError());
    provider.abandon();
    await broker.close(world, Math.max(leftMs(), 100));
    this.#say('closed');
    this.#end({ reason: 'closed', code: null, message: 'closed by the program' });
  }

  // A root's links end with it, and need no word of their own.
  async #leaveAll(): Promise<void> {
    const { provider } = this.parts;
    const open = [...provider.state.sockets.values()];
    const roots = new Set(open.flatMap((one) => (one.kind === 'root' ? [one.descriptor] : [])));
    for (const socket of open) {
      if (socket.kind === 'link' && roots.has(socket.parent)) continue;
      void provider.release(socket.descriptor);
    }
    await provider.idle();
  }

  async #within(ms: number, work: Promise<void>): Promise<void> {
    const giveUp = new AbortController();
    const late = this.parts.world.sleep(ms, giveUp.signal).catch(ignore);
    await Promise.race([work.catch(ignore), late]);
    giveUp.abort();
  }

  #beat(): void {
    const { world, broker, asker, counters } = this.parts;
    const now = world.now();
    const silentMs = now - this.#beatAt;
    this.#beatAt = now;
    if (!broker.isConnected) return;
    // Answers that came while this process stood still are read after this.
    if (silentMs > 2 * this.beatMs) this.#earshot.begin(now);
    if (this.#earshot.isOut(now) && broker.hasChoice) {
      broker.leave();
      return;
    }
    counters.add('beats', 1);
    asker.beat({
      heard: () => {
        this.#earshot.answered(world.now());
      },
      over: ({ message }) => {
        this.fenced(message);
      },
    });
    // A process that was held up for longer than its bound may have been given up meanwhile.
    if (silentMs > this.boundMs) void this.#checkIn();
  }

  // Asks what was missed, and whether this run of the node still counts: to start again changes nothing
  // for a run that does, and is refused to one that was replaced or lost (H10).
  async #checkIn(): Promise<void> {
    const { world, hearing, asker, settings } = this.parts;
    await world.sleep(world.random() * comebackSpreadMs);
    hearing.resume();
    try {
      const started = await asker.start(settings.boundMs, {});
      if (!started.ok && started.code === 'WSAENETRESET') this.fenced(started.message);
    } catch {
      // Nobody is there to say: the next reason asks again.
    }
  }

  #changed(isConnected: boolean): void {
    if (this.#closing !== null || this.#status === 'fenced' || this.#status === 'closed') return;
    this.#say(isConnected ? 'connected' : 'disconnected');
    if (!isConnected) return;
    this.parts.counters.add('reconnects', 1);
    this.#earshot.begin(this.parts.world.now());
    this.#beat();
    void this.#checkIn();
  }

  // The end that nobody here asked for.
  #give(reason: 'closed' | 'fenced', code: WsaCode, message: string): void {
    if (this.#closing !== null) return;
    const { provider, broker, world } = this.parts;
    const error = reason === 'fenced' ? fencedError() : new JoinleafError(code, message, 'no');
    this.#closing = broker.close(world, 1_000);
    this.#stop(error);
    provider.lose(code);
    provider.abandon();
    this.#say(reason);
    this.#end({ reason, code, message });
  }

  #stop(error: JoinleafError): void {
    for (const stop of this.#timers) stop();
    this.parts.hearing.stop();
    this.parts.provider.stop(error);
  }

  #say(status: Status): void {
    this.#status = status;
    try {
      this.parts.settings.onStatus(status);
    } catch {
      this.parts.counters.add('callbackErrors', 1);
    }
  }
}

const refusal = (error: Refusal): JoinleafRefusal => new JoinleafRefusal(refusedHere(error));
