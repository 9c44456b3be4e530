import {
  answer,
  decide,
  evolve,
  notify,
  socketId,
  unopened,
  type Datum,
  type Session,
  type SessionAddress,
  type SessionCommand,
} from '@joinleaf/multipoint';
import {
  connectDataBytesMax,
  requestSchemas,
  type Reply,
  type KnownNotification,
} from '@joinleaf/wire';
import type { Asker, Command } from '../asker.js';
import { commandOf, nodeIn, refusedReply, type Body } from '../counterpart.js';
import type { DataPlane } from '../data-plane.js';
import { JoinleafError } from '../errors.js';
import { Provider } from '../provider.js';
import { Counters } from '../stats.js';
import { realWorld } from '../world.js';
import { Door } from './door.js';
import { ProcedureTable } from './procedure-table.js';
import { Thread } from './thread.js';
import type { Winsock } from './winsock.js';

/** What a test does to a town. */
export interface Weather {
  /** Whether notifications overtake the answers of the commands that caused them (A26). */
  newsFirst?: boolean;
  /** Whether nobody answers: and it is known that nobody has heard, or it is not. */
  silence?: 'safe' | 'unknown';
  /** Whether the broker takes nothing that is sent. */
  isJammed?: boolean;
}

const incarnation = 'run1';

/**
 * Nodes with real providers, and sessions with the real decider between them, in one memory: for tests of the
 * door that need neither broker nor service.
 */
export class Town {
  weather: Weather = {};
  /** Requests that no service would have read. */
  readonly malformed: string[] = [];
  readonly #sessions = new Map<SessionAddress, { session: Session; revision: number }>();
  readonly #nodes = new Map<string, { readonly provider: Provider; readonly data: TownData }>();
  #commands = 0;

  /** Another thread on a node. */
  table(node: string, descriptorMax = 1_000): Winsock {
    return new ProcedureTable(new Thread(Door.of(this.provider(node, descriptorMax))));
  }

  provider(node: string, descriptorMax = 1_000): Provider {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known.provider;
    const data = new TownData(this.weather, (datum) => {
      this.#deliver(datum);
    });
    const provider = new Provider({
      identity: { node, incarnation, descriptorMax, connectDataMax: connectDataBytesMax },
      asker: this.#askerOf(node),
      data: data as unknown as DataPlane,
      counters: new Counters(),
      world: realWorld,
      callTimeoutMs: 2_000,
      fenced: () => undefined,
    });
    this.#nodes.set(node, { provider, data });
    return provider;
  }

  /** What the broker held back is taken. */
  unjam(): void {
    this.weather.isJammed = false;
    for (const { data } of this.#nodes.values()) data.flush();
  }

  /** A session command that no node asked for. */
  apply(address: string, command: SessionCommand) {
    return this.#apply(address as SessionAddress, command);
  }

  session(address: string): Session {
    return this.#sessions.get(address as SessionAddress)?.session ?? unopened;
  }

  name(node: string, descriptor: number) {
    return socketId({ node, incarnation, serial: String(descriptor) });
  }

  #askerOf(node: string): Asker {
    const asker = {
      command: (session: SessionAddress, command: Command) => this.#ask(node, session, command),
      stop: () => undefined,
    };
    return asker as unknown as Asker;
  }

  async #ask(node: string, session: SessionAddress, asked: Command): Promise<Reply> {
    const { silence } = this.weather;
    if (silence !== undefined) throw new JoinleafError('WSAENETDOWN', 'nobody answers', silence);
    this.#commands += 1;
    const commandId = `command-${String(this.#commands)}`;
    const { verb, ...fields } = asked;
    // Whatever a program passes, nothing leaves its node that a service would not take (H11).
    const parsed = requestSchemas[verb].safeParse({ v: 1, commandId, incarnation, ...fields });
    if (!parsed.success) this.malformed.push(parsed.error.message);
    const body = { verb, ...parsed.data } as Body;
    const command = commandOf(
      { node, session, verb, realm: 'main', partition: '0' },
      body,
      (name) => this.#nodes.has(name),
    );
    const decision = this.#apply(session, command);
    const revision = this.#sessions.get(session)?.revision ?? 0;
    // The turn in which notifications are told comes before the answer, or after it.
    if (this.weather.newsFirst === true) await new Promise(setImmediate);
    if (!decision.ok) return refusedReply(decision.error, session, commandId, revision);
    const { rule, events } = decision.value;
    return { v: 1, ok: true, session, commandId, revision, rule, answer: answer(command, events) };
  }

  #apply(address: SessionAddress, command: SessionCommand) {
    const at = this.#sessions.get(address) ?? { session: unopened, revision: 0 };
    const decision = decide(command, at.session);
    if (!decision.ok || decision.value.events.length === 0) return decision;
    let { session } = at;
    const revision = at.revision + 1;
    for (const event of decision.value.events) {
      for (const told of notify(session, event)) {
        this.#tell({ ...told, id: `${address}.${String(revision)}`, session: address, revision });
      }
      session = evolve(session, event);
    }
    this.#sessions.set(address, { session, revision });
    return decision;
  }

  #tell(told: KnownNotification): void {
    setImmediate(() => this.#nodes.get(nodeIn(told.to))?.provider.hear(told));
  }

  #deliver(datum: Datum): void {
    for (const { provider } of this.#nodes.values()) provider.heardData(datum);
  }
}

type Parts = Pick<DataPlane, 'start' | 'publish' | 'tune' | 'drain'>;

/** Takes data to every node at once; who is not tuned to it does not hear it. */
class TownData implements Parts {
  #hearer: Parameters<DataPlane['start']>[0] | null = null;
  readonly #jammed: (() => void)[] = [];

  constructor(
    private readonly weather: Weather,
    private readonly deliver: (datum: Datum) => void,
  ) {}

  start(hearer: Parameters<DataPlane['start']>[0]): void {
    this.#hearer = hearer;
  }

  publish({ socket, datum, isLocal }: Parameters<DataPlane['publish']>[0]): void {
    if (isLocal) {
      queueMicrotask(() => this.#hearer?.heardData(datum));
      return;
    }
    this.#jammed.push(() => {
      this.deliver(datum);
      this.#hearer?.flushed([{ socket, bytes: datum.bytes.length }]);
    });
    if (this.weather.isJammed !== true)
      setImmediate(() => {
        this.flush();
      });
  }

  flush(): void {
    for (const send of this.#jammed.splice(0)) send();
  }

  tune(): void {
    // Everybody hears everything here.
  }

  drain(socket: number): void {
    setTimeout(() => this.#hearer?.drained(socket), 20);
  }
}
