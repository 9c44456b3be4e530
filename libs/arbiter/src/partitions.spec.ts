import { beforeEach, describe, expect, it } from '@jest/globals';
import { partitionCount, type ArbiterBeat } from '@joinleaf/wire';
import { Hearing } from './hearing.js';
import { Partitions, type PartitionsParts } from './partitions.js';
import type { TestProcess } from './testing.js';
import { TestTime } from './testing.js';

/** A broker: beats reach everybody, and it knows who hears which partition. */
class TestBroker {
  readonly #hearers = new Map<TestProcess, (beat: ArbiterBeat) => void>();
  readonly #heard = new Map<number, Set<string>>();
  /** Who hears no beats, over a connection that lives. */
  readonly deaf = new Set<TestProcess>();
  /** Partitions that nobody heard for a moment, since all were heard once. */
  unheard = 0;
  #wereAllHeard = false;

  parts(process: TestProcess, name: string): Pick<PartitionsParts, 'peers' | 'desk'> {
    return {
      peers: {
        say: (beat) => {
          for (const [hearer, hear] of this.#hearers) {
            if (this.deaf.has(hearer)) continue;
            hearer.receive(() => {
              hear(beat);
            });
          }
        },
        hear: (heard) => {
          this.#hearers.set(process, heard);
          return () => void this.#hearers.delete(process);
        },
      },
      desk: {
        open: async (partitions) => {
          for (const each of partitions) this.hearersOf(each).add(name);
          this.#wereAllHeard ||= this.#countUnheard() === 0;
        },
        close: async (partitions) => {
          for (const each of partitions) this.hearersOf(each).delete(name);
          if (this.#wereAllHeard) this.unheard = Math.max(this.unheard, this.#countUnheard());
        },
      },
    };
  }

  hearersOf(partition: number): Set<string> {
    const hearers = this.#heard.get(partition) ?? new Set<string>();
    this.#heard.set(partition, hearers);
    return hearers;
  }

  disconnect(name: string): void {
    for (const hearers of this.#heard.values()) hearers.delete(name);
  }

  /** How many partitions each hears alone. */
  get shares(): Readonly<Record<string, number>> {
    const shares: Record<string, number> = {};
    for (let partition = 0; partition < partitionCount; partition += 1) {
      const key = [...this.hearersOf(partition)].sort().join('+');
      shares[key] = (shares[key] ?? 0) + 1;
    }
    return shares;
  }

  #countUnheard(): number {
    return Array.from({ length: partitionCount }, (_, each) => each).filter(
      (each) => this.hearersOf(each).size === 0,
    ).length;
  }
}

let time: TestTime;
let broker: TestBroker;
const bugs: unknown[] = [];

beforeEach(() => {
  time = new TestTime();
  broker = new TestBroker();
  bugs.length = 0;
});

function arbiter(
  name: string,
  more: Partial<ArbiterBeat> = {},
  wish: Partial<PartitionsParts> = {},
) {
  const process = time.process();
  const link = { connected: true, changes: 0 };
  const partitions = new Partitions({
    self: { name, instance: time.newId(), decider: 'law/1', config: 'c1', ...more },
    ...broker.parts(process, name),
    world: process.world,
    hearing: new Hearing({ connected: () => link.connected, onChange: () => undefined }),
    changed: () => {
      link.changes += 1;
    },
    reportBug: (what) => bugs.push(what),
    ...wish,
  });
  partitions.meet();
  return { name, process, partitions, link };
}

async function serving(name: string, more: Partial<ArbiterBeat> = {}) {
  const one = arbiter(name, more);
  await one.partitions.serve();
  await time.pass(300);
  return one;
}

const sum = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0);

describe('partitions', () => {
  it('are all those of an arbiter that is alone', async () => {
    const one = await serving('a');
    expect(broker.shares).toEqual({ a: partitionCount });
    expect(one.partitions).toMatchObject({ ownedCount: partitionCount, mismatches: [] });
  });

  it.each([2, 3])('are divided among %i arbiters, each heard by one alone', async (count) => {
    const all = [];
    for (let i = 0; i < count; i += 1) all.push(await serving(`session-${String(i)}`));
    const { shares } = broker;
    expect(Object.keys(shares).sort()).toEqual(all.map(({ name }) => name));
    for (const { name, partitions } of all) {
      expect(partitions.ownedCount).toBe(shares[name]);
      expect(partitions.heardCount).toBe(shares[name]);
    }
    expect(broker.unheard).toBe(0);
    expect(bugs).toEqual([]);
  });

  it('belong to nobody who is still reading the log', async () => {
    await serving('a');
    const coming = arbiter('b');
    await time.pass(2_000);
    expect(broker.shares).toEqual({ a: partitionCount });
    expect(coming.partitions.ownedCount).toBe(0);
  });

  it('go from one who leaves to the others without a moment in which nobody hears them', async () => {
    const [one, other] = [await serving('a'), await serving('b')];
    const leaving = one.partitions.leave();
    await time.pass(300);
    await leaving;
    expect(broker.shares).toEqual({ b: partitionCount });
    expect(other.partitions.ownedCount).toBe(partitionCount);
    expect(broker.unheard).toBe(0);
  });

  it('are kept by one who leaves when there is nobody else, and it waits for nobody', async () => {
    const one = await serving('a');
    await one.partitions.leave();
    expect(broker.shares).toEqual({ a: partitionCount });
  });

  it('of a dead arbiter are heard again within a second', async () => {
    const [one, other] = [await serving('a'), await serving('b')];
    one.process.kill();
    broker.disconnect('a');
    expect(broker.shares[''] ?? 0).toBeGreaterThan(0);
    await time.pass(1_000);
    expect(broker.shares).toEqual({ b: partitionCount });
    expect(other.partitions.others).toEqual([]);
  });

  it('are not counted on by one who was paused, until it has heard the others for a whole window', async () => {
    const [one, other] = [await serving('a'), await serving('b')];
    const [before, had] = [one.partitions.ownedCount, broker.shares];
    one.process.pause();
    await time.pass(5_000);
    expect(other.partitions.ownedCount).toBe(partitionCount);
    one.process.goOn();
    await time.pass(200);
    expect(one.partitions.ownedCount).toBe(0);
    await time.pass(1_000);
    expect(one.partitions.ownedCount).toBe(before);
    expect(broker.shares).toEqual(had);
    expect(broker.unheard).toBe(0);
  });

  it('are not taken over by one who has lost the broker, and so hears nobody', async () => {
    const one = await serving('a');
    await serving('b');
    const before = broker.shares;
    one.link.connected = false;
    await time.pass(700);
    one.link.connected = true;
    expect(one.partitions.ownedCount).toBe(0);
    await time.pass(1_500);
    expect(broker.shares).toEqual(before);
    expect(one.partitions.ownedCount).toBe(before.a);
  });

  it('are not taken over by one who hears nobody, itself included, over a connection that lives', async () => {
    const one = await serving('a');
    await serving('b');
    const before = broker.shares;
    broker.deaf.add(one.process);
    await time.pass(2_000);
    expect(one.partitions.ownedCount).toBe(0);
    expect(broker.shares).toEqual(before);
    broker.deaf.delete(one.process);
    await time.pass(1_500);
    expect(broker.shares).toEqual(before);
    expect(one.partitions.ownedCount).toBe(before.a);
  });

  it('tell who owns them when it changes', async () => {
    const one = await serving('a');
    const changes = one.link.changes;
    await time.pass(2_000);
    expect(one.link.changes).toBe(changes);
    await serving('b');
    expect(one.link.changes).toBeGreaterThan(changes);
  });

  it('are heard by everybody who is told to hear all, and owned by one all the same', async () => {
    const hearAll = async (name: string) => {
      const one = arbiter(name, {}, { hearsAll: true });
      await one.partitions.serve();
      await time.pass(300);
      return one;
    };
    const [one, other] = [await hearAll('a'), await hearAll('b')];
    expect(broker.shares).toEqual({ 'a+b': partitionCount });
    expect(one.partitions.ownedCount + other.partitions.ownedCount).toBe(partitionCount);
    const leaving = one.partitions.leave();
    await time.pass(300);
    await leaving;
    expect(broker.shares).toEqual({ b: partitionCount });
  });

  it('stay where they are while everybody lives', async () => {
    const all = [await serving('a'), await serving('b'), await serving('c')];
    const before = broker.shares;
    const changes = sum(all.map(({ link }) => link.changes));
    await time.pass(10_000);
    expect(broker.shares).toEqual(before);
    expect(sum(all.map(({ link }) => link.changes))).toBe(changes);
  });
});

describe('arbiters that should be alike', () => {
  it('tell how they differ: in the law, in settings, in having names of their own', async () => {
    const one = await serving('a');
    await serving('b', { decider: 'law/2' });
    await serving('c', { config: 'c2' });
    const twin = await serving('a');
    expect([...one.partitions.mismatches].sort()).toEqual([
      'another arbiter is called a',
      'b decides by law/2',
      'c is configured as c2',
    ]);
    twin.process.kill();
    await time.pass(1_000);
    expect(one.partitions.mismatches).toHaveLength(2);
  });
});
