import { partitionOf, type ArbiterBeat } from '@joinleaf/wire';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Hearing } from './hearing.js';
import { ownersOf } from './owners.js';
import { hasPartition, partitionBits, PeerTable } from './peer-table.js';
import type { CommandDesk, Peers, ReportBug, World } from './ports.js';

// Several arbiters share the sessions by partition. Who owns a partition is for speed and for calm alone: an append
// decides, whoever asks for it, so nothing here has to be agreed upon. A partition changes hands without a moment in
// which nobody hears it: who is to have it listens first, says so, and only then does the one before let go.

const beatMs = 250;
const goneAfterMs = 3 * beatMs;
/** Silence is looked at more often than beats are sent, so that a gap is noticed soon. */
const tickMs = beatMs / 2;
/** A tick that is later than this was a pause: others may have come, gone or taken over meanwhile. */
const lateMs = 2 * beatMs;
const handOverMs = 2_000;

export interface PartitionsParts {
  readonly self: Pick<ArbiterBeat, 'name' | 'instance' | 'decider' | 'config'>;
  readonly peers: Peers;
  readonly desk: CommandDesk;
  readonly world: World;
  readonly hearing: Hearing;
  /** Called whenever we own other partitions than before. */
  readonly changed: () => void;
  readonly reportBug: ReportBug;
  /** Whether to hear the commands of all partitions, whoever owns them. */
  readonly hearsAll?: boolean;
}

/** Which partitions this arbiter owns among all that are alive, and which it hears. */
export class Partitions {
  readonly #table = new PeerTable(goneAfterMs);
  readonly #heard = new Set<number>();
  #owners: readonly (string | null)[] = ownersOf([]);
  #state: ArbiterBeat['state'] = 'coming';
  #owned = '';
  #trustedFrom = 0;
  #lastTickMs = 0;
  #lastBeatMs = 0;
  #moving: Promise<void> | null = null;
  #shallMove = false;
  #whenEmpty: (() => void) | null = null;
  readonly #stops: (() => void)[] = [];

  constructor(private readonly parts: PartitionsParts) {}

  /** Begins to hear the others, and to be heard. */
  meet(): void {
    const { peers, world } = this.parts;
    this.#lastTickMs = world.monotonicMs();
    this.#stops.push(
      peers.hear((beat) => {
        this.#hear(beat);
      }),
      world.every(tickMs, () => {
        this.#tick();
      }),
    );
    this.#say();
  }

  /** Takes its share from now on; returns when it hears the commands of it. */
  async serve(): Promise<void> {
    this.#state = 'serving';
    this.#review();
    await this.#moving;
    this.#say();
  }

  /** Gives everything away, and returns when others hear it; at the latest after 2 s, or when nobody is there. */
  async leave(): Promise<void> {
    const { world } = this.parts;
    this.#state = 'leaving';
    this.#say();
    this.#review();
    const late = Promise.withResolvers<undefined>();
    const cancel = world.after(handOverMs, () => {
      late.resolve(undefined);
    });
    await Promise.race([this.#emptied(), late.promise]);
    cancel();
    this.stop();
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** Whether a session is ours to look after. */
  ownsSession(session: SessionAddress): boolean {
    return this.#owns(Number(partitionOf(session)));
  }

  /** Whether a node's silence is ours to judge. */
  ownsNode(node: string): boolean {
    return this.#owns(Number(partitionOf(node as SessionAddress)));
  }

  get ownedCount(): number {
    return this.#owners.filter((_, partition) => this.#owns(partition)).length;
  }

  get heardCount(): number {
    return this.#heard.size;
  }

  /** The other arbiters that are alive. */
  get others(): readonly ArbiterBeat[] {
    return this.#table.live;
  }

  /** How the others differ from us where all should be alike; a sentence each. */
  get mismatches(): readonly string[] {
    const { name, decider, config } = this.parts.self;
    return this.others.flatMap((other) => [
      ...(other.name === name ? [`another arbiter is called ${name}`] : []),
      ...(other.decider === decider ? [] : [`${other.name} decides by ${other.decider}`]),
      ...(other.config === config ? [] : [`${other.name} is configured as ${other.config}`]),
    ]);
  }

  #owns(partition: number): boolean {
    const { self, world } = this.parts;
    const isTrusted = world.monotonicMs() >= this.#trustedFrom;
    return this.#state === 'serving' && isTrusted && this.#owners[partition] === self.name;
  }

  #hear(beat: ArbiterBeat): void {
    if (beat.instance === this.parts.self.instance) {
      this.parts.hearing.heardOurselves();
      return;
    }
    const isNew = this.#table.hear(beat, this.parts.world.monotonicMs());
    if (isNew) this.#say();
    this.#review();
  }

  // Who slept, or could not hear, knows nothing of the others: it waits a whole window before it counts on itself.
  #tick(): void {
    const { world, hearing } = this.parts;
    const now = world.monotonicMs();
    hearing.tick();
    const slept = now - this.#lastTickMs > lateMs;
    this.#lastTickMs = now;
    if (slept || !hearing.connected()) {
      this.#table.rearm(now);
      this.#trustedFrom = now + goneAfterMs;
    } else {
      this.#table.prune(now);
    }
    if (slept || now - this.#lastBeatMs >= beatMs - tickMs / 2) this.#say();
    this.#review();
  }

  #say(): void {
    const { self, peers, world, hearing } = this.parts;
    this.#lastBeatMs = world.monotonicMs();
    if (!hearing.canSpeak) return;
    peers.say({ v: 1, ...self, state: this.#state, partitions: partitionBits(this.#heard) });
  }

  #review(): void {
    const { self, changed } = this.parts;
    const names = this.#table.serving.map(({ name }) => name);
    this.#owners = ownersOf(this.#state === 'serving' ? [...names, self.name] : names);
    const owned = partitionBits(
      this.#owners.flatMap((_, partition) => (this.#owns(partition) ? [partition] : [])),
    );
    if (owned !== this.#owned) {
      this.#owned = owned;
      changed();
    }
    this.#move();
    if (this.#heard.size === 0 || names.length === 0) this.#whenEmpty?.();
  }

  // One move at a time: what changes meanwhile is looked at when it is done.
  #move(): void {
    this.#shallMove = this.parts.hearing.canSpeak;
    if (!this.#shallMove) return;
    this.#moving ??= this.#moveOn()
      .catch((cause: unknown) => {
        this.parts.reportBug('partitions could not change hands', cause);
      })
      .finally(() => {
        this.#moving = null;
      });
  }

  async #moveOn(): Promise<void> {
    while (this.#shallMove) {
      this.#shallMove = false; // Whoever asks from now on finds the loop running.
      const { gained, given } = this.#due();
      if (gained.length > 0) {
        await this.parts.desk.open(gained);
        for (const partition of gained) this.#heard.add(partition);
      }
      if (given.length > 0) {
        for (const partition of given) this.#heard.delete(partition);
        await this.parts.desk.close(given);
      }
      if (gained.length + given.length > 0) {
        this.#say();
        this.#review();
      }
    }
  }

  #due(): { readonly gained: readonly number[]; readonly given: readonly number[] } {
    const { self, hearsAll = false } = this.parts;
    const { serving } = this.#table;
    const isHeardByOwner = (partition: number, owner: string | null) =>
      serving.some((peer) => peer.name === owner && hasPartition(peer.partitions, partition));
    const all = this.#owners.map((owner, partition) => ({ owner, partition }));
    const isOurs = (owner: string | null) =>
      this.#state === 'serving' && (hearsAll || owner === self.name);
    return {
      gained: numbers(all.filter((each) => isOurs(each.owner) && !this.#heard.has(each.partition))),
      given: numbers(
        all.filter(
          ({ owner, partition }) =>
            this.#heard.has(partition) && !isOurs(owner) && isHeardByOwner(partition, owner),
        ),
      ),
    };
  }

  #emptied(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
      this.#review();
    });
  }
}

const numbers = (all: readonly { readonly partition: number }[]): readonly number[] =>
  all.map(({ partition }) => partition);
