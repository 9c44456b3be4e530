import { execFile } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { access, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { isAlive } from './is-alive.js';

const run = promisify(execFile);
const programs = ['ip', 'iptables', 'nsenter', 'tc'] as const;
const folder = '/run/netns';
/** The network that RFC 2544 keeps for tests of this kind. */
const net = '198.18';

/**
 * A network namespace for each server, and one with the bridge between them: there the host's own rules for
 * forwarding do not reach. The host is a member of the bridge, and talks to the servers from its own address.
 */
export class Namespaces implements AsyncDisposable {
  readonly #id = `jlf${String(process.pid)}${randomBytes(1).toString('hex')}`;
  readonly #third = String(randomInt(0, 256));

  /** Null when all is there; otherwise what is missing, in words. */
  static async missing(): Promise<string | null> {
    if (process.getuid?.() !== 0) return 'network namespaces need root';
    for (const program of programs) {
      try {
        await run('sh', ['-c', `command -v ${program}`]);
      } catch {
        return `there is no command ${program}`;
      }
    }
    return access(folder).then(
      () => null,
      () => run('ip', ['netns', 'list']).then(() => null, String),
    );
  }

  static async make(count: number): Promise<Namespaces> {
    await removeLeftBehind();
    const made = new Namespaces(count);
    try {
      await made.#build();
      return made;
    } catch (error) {
      await made[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(readonly count: number) {}

  /** The address of a server, from 0. */
  address(server: number): string {
    return `${net}.${this.#third}.${String(server + 1)}`;
  }

  /** Where everybody else is, as the servers see it. */
  get hostAddress(): string {
    return `${net}.${this.#third}.254`;
  }

  /** What runs a program in a server's namespace. */
  under(server: number): readonly string[] {
    return ['nsenter', `--net=${folder}/${this.#name(server)}`];
  }

  /** Adds a rule for packets: `['INPUT', '-s', address, '-j', 'DROP']`. */
  async filter(server: number, rule: readonly string[]): Promise<void> {
    await this.#inside(server, 'iptables', ['-w', '-I', ...rule]);
  }

  async unfilter(server: number): Promise<void> {
    await this.#inside(server, 'iptables', ['-w', '-F']);
  }

  /** Lets a server send so many bits in a second, as `1mbit`; null for as many as it can. */
  async narrow(server: number, rate: string | null): Promise<void> {
    const shape = ['root', 'tbf', 'rate', rate ?? '', 'burst', '16kb', 'latency', '200ms'];
    await this.#inside(
      server,
      'tc',
      rate === null
        ? ['qdisc', 'del', 'dev', 'e0', 'root']
        : ['qdisc', 'add', 'dev', 'e0', ...shape],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let server = 0; server < this.count; server += 1) await remove(this.#name(server));
    await remove(this.#hub);
    await run('ip', ['link', 'del', this.#link]).catch(() => undefined);
  }

  async #build(): Promise<void> {
    const hub = this.#hub;
    await ip('netns', 'add', hub);
    await ip('-n', hub, 'link', 'add', 'br0', 'type', 'bridge');
    await ip('-n', hub, 'link', 'set', 'br0', 'up');
    const link = this.#link;
    await ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'up0', 'netns', hub);
    await ip('-n', hub, 'link', 'set', 'up0', 'master', 'br0', 'up');
    await ip('addr', 'add', `${this.hostAddress}/24`, 'dev', link);
    await ip('link', 'set', link, 'up');
    for (let server = 0; server < this.count; server += 1) await this.#add(server);
  }

  async #add(server: number): Promise<void> {
    const name = this.#name(server);
    const port = `p${String(server)}`;
    await ip('netns', 'add', name);
    const peer = ['peer', 'name', port, 'netns', this.#hub];
    await ip('link', 'add', 'e0', 'netns', name, 'type', 'veth', ...peer);
    await ip('-n', this.#hub, 'link', 'set', port, 'master', 'br0', 'up');
    await ip('-n', name, 'addr', 'add', `${this.address(server)}/24`, 'dev', 'e0');
    await ip('-n', name, 'link', 'set', 'e0', 'up');
    await ip('-n', name, 'link', 'set', 'lo', 'up');
  }

  async #inside(server: number, program: string, words: readonly string[]): Promise<void> {
    const [enter = '', ...rest] = this.under(server);
    await run(enter, [...rest, program, ...words]);
  }

  get #hub(): string {
    return `${this.#id}-hub`;
  }

  #name(server: number): string {
    return `${this.#id}-${String(server + 1)}`;
  }

  /** At most 15 characters, as names of interfaces are. */
  get #link(): string {
    return this.#id.slice(0, 15);
  }
}

const ip = async (...words: string[]): Promise<void> => {
  await run('ip', words);
};

async function remove(name: string): Promise<void> {
  await run('ip', ['netns', 'del', name]).catch(() => undefined);
}

// A run that was killed could not clean up. Its process id is in the names.
async function removeLeftBehind(): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const pid = Number(/^jlf(\d+)[0-9a-f]{2}-/.exec(name)?.[1] ?? NaN);
    if (!Number.isNaN(pid) && !isAlive(pid)) await remove(name);
  }
}
