import { imagesOf, type Images } from './images.js';

export interface CoordinatorOptions {
  /** Where the images are; those of this library's version, under `joinleaf/`, without it. */
  readonly images?: Partial<Images> | undefined;
  /** One nats-server, or a cluster of three that keeps everything three times. */
  readonly brokers?: 1 | 3 | undefined;
  /** How many session services; 1 without it. */
  readonly sessions?: number | undefined;
  /** How many notifiers; 1 without it. */
  readonly notifiers?: number | undefined;
  /** Who may connect: the nodes of the programs under test. Each gets a password of its own. */
  readonly nodes?: readonly string[] | undefined;
  /** Leaf agents that are there from the beginning; each is a node, too. */
  readonly agents?: readonly AgentOptions[] | undefined;
  /** `main` without it. */
  readonly realm?: string | undefined;
  /** JOINLEAF_* settings for every session service, besides what each needs. */
  readonly sessionSettings?: Settings | undefined;
  /** JOINLEAF_* settings for every notifier. */
  readonly notifierSettings?: Settings | undefined;
  /** For everything to become ready, in milliseconds; 60 000 without it. Pulling images counts, too. */
  readonly startWithinMs?: number | undefined;
}

export type Settings = Readonly<Record<string, string>>;

export interface AgentOptions {
  /** The agent's name and its node's: `lobby`, as in `lobby:1`. */
  readonly node: string;
  readonly endpoints: readonly EndpointOptions[];
  /** JOINLEAF_* settings, besides what it needs. */
  readonly settings?: Settings | undefined;
}

/** An endpoint of a leaf agent, as its README describes it. */
export interface EndpointOptions {
  readonly name?: string | undefined;
  readonly port?: number | undefined;
  readonly listen?: boolean | undefined;
  readonly backlog?: number | undefined;
  readonly calleeData?: string | undefined;
  readonly admission?:
    | 'accept'
    | 'reject'
    | 'defer'
    | { readonly ask: string; readonly timeoutMs?: number }
    | undefined;
}

/** What was asked for, complete. */
export interface Plan {
  readonly images: Images;
  readonly brokers: readonly string[];
  readonly sessions: readonly string[];
  readonly notifiers: readonly string[];
  readonly agents: readonly AgentOptions[];
  /** Everybody who may connect, agents too. */
  readonly nodes: readonly string[];
  readonly realm: string;
  readonly sessionSettings: Settings;
  readonly notifierSettings: Settings;
  readonly startWithinMs: number;
}

/** @throws TypeError for names that cannot be told apart, and for none of a service. */
export function planOf(options: CoordinatorOptions): Plan {
  const { agents = [], nodes = [], realm = 'main' } = options;
  const plan: Plan = {
    images: { ...imagesOf(), ...options.images },
    brokers: named('broker', options.brokers ?? 1),
    sessions: named('session', options.sessions ?? 1),
    notifiers: named('notifier', options.notifiers ?? 1),
    agents,
    nodes: [...new Set([...nodes, ...agents.map(({ node }) => node)])],
    realm,
    sessionSettings: options.sessionSettings ?? {},
    notifierSettings: options.notifierSettings ?? {},
    startWithinMs: options.startWithinMs ?? 60_000,
  };
  assertDistinct([
    ...[...plan.brokers, ...plan.sessions, ...plan.notifiers],
    ...agents.map(({ node }) => node),
  ]);
  return plan;
}

/** `session` when there is one, `session-1` and so on when there are several. */
function named(service: string, count: number): readonly string[] {
  if (!Number.isInteger(count) || count < 1) throw new TypeError(`there is no ${service}`);
  return count === 1
    ? [service]
    : Array.from({ length: count }, (_, index) => `${service}-${String(index + 1)}`);
}

function assertDistinct(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`two containers would be called ${twice}`);
}
