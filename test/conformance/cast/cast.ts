import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { Line, type Remote } from '../bridge/line.js';
import { Program } from '../bridge/program.js';
import { stagePlan, type ProgramName } from '../stage/stage.js';
import { Actor } from './actor.js';

interface Part {
  readonly line: Line;
  readonly jl: Remote;
  readonly node: string;
}

/**
 * The programs of a test file. Each is a node of its own for the file, and for each test a thread that has made no
 * call yet.
 */
export function castOf<Name extends ProgramName>(
  ...names: readonly Name[]
): Readonly<Record<Name, Actor>> {
  const cast = {} as Record<Name, Actor>;
  const parts = new Map<Name, Part>();
  const tag = randomBytes(3).toString('hex');

  beforeAll(async () => {
    const { programs } = stagePlan();
    await Promise.all(
      names.map(async (name) => parts.set(name, await enter(programs[name], `${name}-${tag}`))),
    );
  });
  beforeEach(async () => {
    for (const [name, part] of parts) cast[name] = await threadOf(part);
  });
  afterAll(() => {
    for (const { line } of parts.values()) line.close();
  });
  return cast;
}

/** A node more, in one of the programs: with options of its own. */
export async function nodeIn(
  name: ProgramName,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Actor & AsyncDisposable> {
  const { programs } = stagePlan();
  const part = await enter(programs[name], `${name}-${randomBytes(4).toString('hex')}`, options);
  return disposable(await threadOf(part), part.line);
}

/** A program of its own, which the test may kill. */
export async function strangerWith(
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly actor: Actor; readonly program: Program }> {
  const name = `eve-${randomBytes(4).toString('hex')}`;
  const program = await Program.start(name, stagePlan().folder);
  return { program, actor: await threadOf(await enter(program.where, name, options)) };
}

async function enter(
  where: string,
  node: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Part> {
  const { realm, login } = stagePlan();
  const line = await Line.to(where);
  return { line, node, jl: await line.enter({ ...login, realm, node, ...options }) };
}

async function threadOf({ line, jl, node }: Part): Promise<Actor> {
  return new Actor(node, jl, line, await line.make('startup', jl));
}

const disposable = (actor: Actor, line: Line): Actor & AsyncDisposable =>
  Object.assign(actor, {
    [Symbol.asyncDispose]: async () => {
      line.close();
    },
  });

let names = 0;

/** A name that nothing has yet. */
export function fresh(kind: string): string {
  names += 1;
  return `${kind}-${randomBytes(3).toString('hex')}-${String(names)}`;
}
