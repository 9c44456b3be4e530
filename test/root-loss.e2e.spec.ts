import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Joinleaf, Leaf, RootOptions, SocketEvent } from '@joinleaf/client';
import { places, Program } from '@joinleaf/launcher';
import { checkHistory } from './deployment/check-history.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually, within } from './deployment/eventually.js';
import type { RootWish } from './deployment/root-program.js';

// The program that keeps a session is killed. Its session goes on with the program itself when it is started again,
// with the oldest member, or not for long.

let deployment: Deployment;
let bob: Joinleaf;
let carol: Joinleaf;
const programs: RootProgram[] = [];

beforeAll(async () => {
  deployment = await startDeployment();
  bob = await deployment.connectNode('bob');
  carol = await deployment.connectNode('carol');
}, 60_000);

afterAll(async () => {
  await Promise.all(programs.map((program) => program.kill()));
  await deployment.stop();
});

type Line = Readonly<Record<string, unknown>>;

/** A root in a process of its own. */
class RootProgram {
  readonly said: Line[] = [];
  readonly #program: Program;

  constructor(session: string, root: RootOptions) {
    const { servers, user = '', pass = '' } = deployment.broker.credentials.nodes;
    const { realm } = deployment;
    const login = { servers, user, pass, realm, node: 'ada', boundMs: 1_500 };
    const wish: RootWish = { login, session, root };
    const main = join(places.root, 'test/dist/deployment/root-program.js');
    const watching = ['--import', pathToFileURL(places.endWithParent).href];
    this.#program = new Program({
      name: `the root of ${session}`,
      words: [...watching, main, JSON.stringify(wish)],
      environment: process.env,
      onLine: (line, from) => {
        if (from === 'stdout') this.said.push(JSON.parse(line) as Line);
        else process.stderr.write(`${line}\n`);
      },
    });
    programs.push(this);
  }

  says(wanted: Line): Promise<Line> {
    const isIt = (line: Line): boolean =>
      Object.entries(wanted).every(([key, value]) => line[key] === value);
    return eventually(`the program says ${JSON.stringify(wanted)}`, () => this.said.find(isIt));
  }

  /** As a crash would end it. */
  kill(): Promise<void> {
    return this.#program.kill();
  }
}

async function opened(session: string, options: RootOptions): Promise<RootProgram> {
  const program = new RootProgram(session, { admit: 'auto', ...options });
  await program.says({ event: 'opened', incarnation: 1 });
  return program;
}

async function joined(jl: Joinleaf, session: string): Promise<Leaf> {
  const outcome = await jl.joinLeaf(session);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.leaf;
}

async function told<T extends SocketEvent['type']>(
  leaf: Leaf,
  type: T,
): Promise<Extract<SocketEvent, { type: T }>> {
  const events = leaf.events();
  for (;;) {
    const next = await within(`${leaf.address} is told ${type}`, events.next());
    if (next.done === true) throw new Error(`${leaf.address} was never told ${type}`);
    if (next.value.type === type) return next.value as Extract<SocketEvent, { type: T }>;
  }
}

describe('when the program of a root is killed', () => {
  it('[H19] [H20] a session that lingers is taken back by the program that is started again', async () => {
    const session = 'lingers';
    const first = await opened(session, { rootLoss: 'linger' });
    const [bobs, carols] = [await joined(bob, session), await joined(carol, session)];
    await first.kill();
    const again = new RootProgram(session, {});
    await again.says({ event: 'opened', incarnation: 1 });
    for (const leaf of [bobs, carols]) {
      await again.says({ event: 'linked', leaf: leaf.address, join: leaf.join });
      await told(leaf, 'ROOT_REPLACED');
      expect(leaf.isOpen).toBe(true);
    }
    await bobs.send('are you there?');
    await again.says({ event: 'heard', from: 'bob', text: 'are you there?' });
    const dave = await deployment.connectNode('dave');
    const daves = await joined(dave, session);
    await again.says({ event: 'linked', leaf: daves.address });
    await bobs.close();
  }, 60_000);

  it('[H21] a session that elects goes on with its oldest member', async () => {
    const session = 'elects';
    const program = await opened(session, { rootLoss: 'elect-oldest', data: 'rooted' });
    const [bobs, carols] = [await joined(bob, session), await joined(carol, session)];
    await program.kill();
    expect(await told(carols, 'ROOT_LOST')).toMatchObject({ heir: false });
    expect(await told(bobs, 'ROOT_LOST')).toMatchObject({ heir: true });
    await expect(carols.succeed()).rejects.toMatchObject({ refusal: { rule: 'H21' } });
    const root = await bobs.succeed();
    await told(carols, 'ROOT_REPLACED');
    await eventually('the heir has its links', () => root.links.length === 2);
    const messages = root.messages();
    await carols.send('to the new root');
    const heard = await within('the heir hears a leaf', messages.next());
    expect(heard.value?.text()).toBe('to the new root');
    await root.close();
    expect(await within('Carol hears the end', carols.over)).toEqual({ code: null, by: 'peer' });
  }, 60_000);

  it('[H22] and nobody comes, everybody hears FD_CLOSE, though the arbiter was killed meanwhile', async () => {
    const session = 'waits-in-vain';
    const program = await opened(session, { rootLoss: 'linger', lingerMs: 3_000 });
    const leaves = [await joined(bob, session), await joined(carol, session)];
    await program.kill();
    const [first] = leaves;
    if (first !== undefined) await told(first, 'ROOT_LOST');
    await deployment.session.crash(0);
    for (const leaf of leaves) {
      const over = await within('the session is over', leaf.over);
      expect(over).toEqual({ code: 'WSAECONNABORTED', by: 'peer' });
    }
    const events = (await deployment.commitsOf(session)).flatMap(({ decisions }) =>
      decisions.flatMap((decided) => decided.events.map(({ type }) => type)),
    );
    expect(events.slice(-2)).toEqual(['RootLost', 'SessionClosed']);
  }, 60_000);

  it('what everybody was told is what the log says', async () => {
    await checkHistory(deployment);
  }, 60_000);
});
