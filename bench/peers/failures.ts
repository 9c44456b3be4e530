import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Program } from '@joinleaf/launcher';
import type { Tell } from '../bench.js';
import { startProgram } from '../program.js';
import { listening } from './native-server.js';
import { memberName, type Member, type Peer } from './peer.js';
import { startPeer, type Started } from './started.js';

export const boundMs = 1_000;
/** How long after the bound somebody who is still on record counts as a ghost. */
export const ghostAfterMs = 2_000;
const frozenAtOnce = 8;
const crashed = 3;
const living = 3;
const session = 'watched';
const capacity = 1_000;
const attemptEveryMs = 100;
const recoveredWithinMs = 30_000;
const settledWithinMs = 5_000;
const withinMs = 120_000;

export interface FailureFigures {
  /** From SIGSTOP until the keeper is told, of each program that it was told of. */
  readonly detectedMs: readonly number[];
  readonly frozen: number;
  /** Frozen programs on record when the bound has been over for `ghostAfterMs`. */
  readonly frozenGhosts: number;
  /** From kill -9 to the first join, by what was killed. */
  readonly recoveredMs: ReadonlyMap<string, readonly number[]>;
  /** Of programs that were killed together with the server: still on record afterwards. */
  readonly crashGhosts: number;
  readonly crashed: number;
  /** Of programs that lived on: not on record any more. */
  readonly forgotten: number;
  readonly living: number;
}

/**
 * Freezes programs, and kills servers, of a peer that was started for a bound of one second.
 *
 * @throws Error when there is no end to it: a client that is stuck must not keep the other peers from being measured.
 */
export async function measureFailures(
  peer: Peer,
  rounds: number,
  tell: Tell,
): Promise<FailureFigures> {
  await using scene = await Scene.set(peer);
  const late = delay(withinMs, undefined, { ref: false }).then((): never => {
    throw new Error(`no end within ${String(withinMs / 1_000)} s`);
  });
  return await Promise.race([failuresIn(scene, rounds, tell), late]);
}

async function failuresIn(scene: Scene, rounds: number, tell: Tell): Promise<FailureFigures> {
  const { peer } = scene;
  tell(`${peer.id}: ${String(frozenAtOnce)} programs are frozen`);
  const frozen = await scene.freeze();
  const recoveredMs = new Map<string, number[]>();
  for (const part of scene.parts) {
    for (let round = 1; round <= rounds; round += 1) {
      tell(`${peer.id}: kill -9 of ${part}, ${String(round)} of ${String(rounds)}`);
      const times = recoveredMs.get(part) ?? [];
      recoveredMs.set(part, [...times, await scene.recovery(part)]);
    }
  }
  tell(`${peer.id}: members and servers are killed together`);
  return { ...frozen, recoveredMs, ...(await scene.crash()) };
}

class Scene implements AsyncDisposable {
  readonly #programs: Program[] = [];
  #serial = 0;

  static async set(peer: Peer): Promise<Scene> {
    await using stack = new AsyncDisposableStack();
    const started = await startPeer(peer, boundMs, stack);
    await started.keeper.open([session], capacity);
    return new Scene(peer, started, stack.move());
  }

  private constructor(
    readonly peer: Peer,
    private readonly on: Started,
    private readonly stack: AsyncDisposableStack,
  ) {}

  get parts(): readonly string[] {
    return this.on.running.parts;
  }

  /** Programs are frozen at any moment between two beats, each at another one. */
  async freeze(): Promise<Pick<FailureFigures, 'detectedMs' | 'frozen' | 'frozenGhosts'>> {
    const programs = await this.#startMembers(frozenAtOnce);
    const lostAt = new Map<string, number>();
    const lost = (member: string) => lostAt.set(member, performance.now());
    await this.on.keeper.watch(session, { came: () => undefined, lost });
    await this.#onRecord(programs);
    const frozenAt = new Map<string, number>();
    for (const { name, pid } of programs) {
      await delay(Math.random() * 100);
      if (pid === undefined) throw new Error(`${name} does not run`);
      process.kill(pid, 'SIGSTOP');
      frozenAt.set(nameOf(name), performance.now());
    }
    await delay(boundMs + ghostAfterMs);
    const members = await this.#members();
    await Promise.all(programs.map((program) => program.kill()));
    return {
      detectedMs: [...frozenAt].flatMap(([member, at]) => {
        const lost = lostAt.get(member);
        return lost === undefined ? [] : [lost - at];
      }),
      frozen: programs.length,
      frozenGhosts: [...frozenAt.keys()].filter((member) => members.includes(member)).length,
    };
  }

  /** Milliseconds from kill -9, with an immediate restart, until somebody new is admitted. */
  async recovery(part: string): Promise<number> {
    const { running } = this.on;
    const killedAt = performance.now();
    await running.kill(part);
    const restarted = running.restart(part);
    const recoveredAt = await this.#firstJoin();
    await restarted;
    return recoveredAt - killedAt;
  }

  /** Some members die together with the server, and some live on. */
  async crash(): Promise<Pick<FailureFigures, 'crashGhosts' | 'crashed' | 'forgotten' | 'living'>> {
    const victims = await this.#startMembers(crashed);
    const others = await this.#startMembers(living);
    await this.#onRecord([...victims, ...others]);
    const [part = ''] = this.parts;
    const killed = Promise.all(victims.map((victim) => victim.kill()));
    await this.recovery(part);
    await killed;
    await delay(boundMs + ghostAfterMs);
    const members = await this.#members();
    const isThere = ({ name }: Program) => members.includes(nameOf(name));
    return {
      crashGhosts: victims.filter(isThere).length,
      crashed,
      forgotten: others.filter((program) => !isThere(program)).length,
      living,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
    await this.stack.disposeAsync();
  }

  // A client that is new each time, so that nobody's pause between two connections is measured. Attempts begin
  // at a fixed pace, whatever has become of those before; the first one that is admitted counts.
  async #firstJoin(): Promise<number> {
    const over = new AbortController();
    const first = Promise.withResolvers<number>();
    const attempt = async () => {
      const member = await this.#attempt();
      first.resolve(performance.now());
      await member.close();
    };
    const late = setTimeout(() => {
      first.reject(new Error(`no join within ${String(recoveredWithinMs)} ms`));
    }, recoveredWithinMs);
    const attempts: Promise<void>[] = [];
    const pace = async () => {
      await listening(this.on.running.port);
      while (!over.signal.aborted) {
        attempts.push(attempt().catch(() => undefined));
        await delay(attemptEveryMs);
      }
    };
    void pace().catch(first.reject);
    try {
      return await first.promise;
    } finally {
      over.abort();
      clearTimeout(late);
      // Those that are still on their way would else look for a server for good.
      await Promise.race([Promise.all(attempts), delay(settledWithinMs)]);
    }
  }

  async #attempt(): Promise<Member> {
    const { peer, on } = this;
    this.#serial += 1;
    const program = `first-${String(this.#serial)}`;
    if (!peer.remembers) await on.keeper.open([session], capacity);
    const member = await peer.connect(on.running.address, { program, boundMs });
    const { outcome } = await member.join(session, 1);
    if (outcome !== 'admitted') throw new Error(`${program} was told: ${outcome}`);
    return member;
  }

  async #startMembers(count: number): Promise<readonly Program[]> {
    return Promise.all(
      Array.from({ length: count }, async () => {
        this.#serial += 1;
        const name = `program-${String(this.#serial)}`;
        const program = await startProgram({
          name,
          file: join(import.meta.dirname, 'member-program.js'),
          words: [this.peer.id, session, name, String(boundMs)],
          environment: { PEER_ADDRESS: this.on.running.address },
          ready: 'joined',
        });
        this.#programs.push(program);
        return program;
      }),
    );
  }

  /** Waits until all of them are on record. */
  async #onRecord(programs: readonly Program[]): Promise<void> {
    for (;;) {
      const members = await this.#members();
      if (programs.every(({ name }) => members.includes(nameOf(name)))) return;
      await delay(20);
    }
  }

  // After a restart the keeper's own connection may need a moment.
  async #members(): Promise<readonly string[]> {
    const endAt = performance.now() + recoveredWithinMs;
    for (;;) {
      try {
        return await this.on.keeper.members(session);
      } catch (error) {
        if (performance.now() > endAt) throw error;
        await delay(50);
      }
    }
  }
}

const nameOf = (program: string): string => memberName(program, 1);
