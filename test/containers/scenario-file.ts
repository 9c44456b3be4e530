import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EndpointOptions } from '@joinleaf/testcontainers';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '../../scenarios');

/** `{ ada: accept, from: bob }`, spelled out. What an action needs besides is passed on as it is. */
export interface Step {
  readonly actor: string;
  readonly action: string;
  readonly line: number;
  readonly leaf?: string;
  readonly code?: string;
  readonly expect?: string;
  readonly policy?: object;
}

export interface Scenario {
  readonly title: string;
  readonly session: string;
  readonly cast: readonly string[];
  readonly agents: ReadonlyMap<string, readonly EndpointOptions[]>;
  readonly boundMs: number | null;
  readonly steps: readonly Step[];
}

type Answer = 'accept' | 'reject' | 'defer';

interface Written {
  readonly title: string;
  readonly session: string;
  readonly policy?: object;
  readonly cast: Readonly<Record<string, string>>;
  readonly agents?: Readonly<Record<string, Readonly<Record<string, Answer>>>>;
  readonly boundMs?: number;
  readonly steps: readonly Readonly<Record<string, unknown>>[];
}

export const scenarioNames: readonly string[] = readdirSync(folder)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace(/\.yaml$/, ''));

/** Reads a scenario of ours, of which the joinleaf command has checked that it makes sense. */
export function readScenario(name: string): Scenario {
  const written = parse(readFileSync(join(folder, `${name}.yaml`), 'utf8')) as Written;
  const { title, session, policy = {}, boundMs = null, agents = {} } = written;
  const cast = Object.keys(written.cast);
  const everybody = [...cast, ...Object.keys(agents)];
  const endpointsOf = (ports: Readonly<Record<string, Answer>>): readonly EndpointOptions[] =>
    Object.entries(ports).map(([port, admission]) => ({ port: Number(port), admission }));
  return {
    title,
    session,
    cast,
    boundMs,
    agents: new Map(Object.entries(agents).map(([node, ports]) => [node, endpointsOf(ports)])),
    steps: written.steps.map((step, index) => spelledOut(step, everybody, policy, index + 1)),
  };
}

function spelledOut(
  step: Readonly<Record<string, unknown>>,
  everybody: readonly string[],
  policy: object,
  line: number,
): Step {
  const actor = everybody.find((name) => name in step);
  if (actor === undefined) throw new Error(`step ${String(line)} is for nobody who is there`);
  const { [actor]: action, ...rest } = step;
  const spelled = { ...rest, actor, action: String(action), line };
  return action === 'open' ? { ...spelled, policy: { ...policy, ...policyIn(rest) } } : spelled;
}

const policyIn = (rest: object): object =>
  'policy' in rest && typeof rest.policy === 'object' ? (rest.policy ?? {}) : {};
