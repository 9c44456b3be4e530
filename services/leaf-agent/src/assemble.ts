import { randomBytes } from 'node:crypto';
import { connect, type Joinleaf } from '@joinleaf/client';
import type { AssembledProgram, ProgramContext } from '@joinleaf/nest-kit';
import { AgentModule } from './agent.module.js';
import type { AgentConfig } from './config.js';
import { Endpoint, type EndpointWorld } from './endpoint.js';
import { EventFeed } from './event-feed.js';
import { LeafAgent } from './leaf-agent.js';
import { Memberships } from './memberships.js';
import { Turns } from './turns.js';

type Context = ProgramContext<AgentConfig>;

const finishedKept = 1_000;
const tellEveryMs = 5_000;

/** Connects the node, and puts the agent together around it. */
export async function assemble(context: Context): Promise<AssembledProgram> {
  const { config, log, health } = context;
  const jl = await connected(context);
  health.check('node', () => (jl.status === 'connected' ? null : `is ${jl.status}`));
  failWhenOver(jl, context);
  const ended = new AbortController();
  const memberships = new Memberships(finishedKept);
  const agent = new LeafAgent(
    jl,
    endpointsOf(context, jl, memberships, ended.signal),
    memberships,
    ended,
  );
  return {
    module: AgentModule.with(agent, config.httpToken ?? null),
    started: async () => {
      agent.start();
      const endpoints = agent.listEndpoints().map(({ told }) => told);
      log.info({ node: jl.node, boundMs: jl.boundMs, endpoints }, 'endpoints are open');
    },
    drain: async () => {
      await agent.close();
      log.info('every socket is closed');
    },
    end: () => agent.close(),
  };
}

// The client itself waits for a broker and a service that are not there yet.
async function connected({ config, log, stopping }: Context): Promise<Joinleaf> {
  const { servers, user, pass, realm, node, boundMs, connectWithinMs } = config;
  const waiting = setInterval(() => {
    log.warn({ servers }, 'waiting for the broker and the session service');
  }, tellEveryMs);
  try {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(connectWithinMs)]);
    const onStatus = (status: string) => {
      log.info({ status }, 'the node');
    };
    return await connect({ servers, user, pass, realm, node, boundMs, signal, onStatus });
  } finally {
    clearInterval(waiting);
  }
}

// Somebody else has started a node of our name: this run of it is over.
function failWhenOver(jl: Joinleaf, { fail, stopping }: Context): void {
  void jl.closed.then(({ reason, message }) => {
    if (!stopping.aborted) fail(new Error(`the node is ${reason}: ${message}`));
  });
}

function endpointsOf(
  { config, log, metrics }: Context,
  jl: Joinleaf,
  memberships: Memberships,
  signal: AbortSignal,
): ReadonlyMap<string, Endpoint> {
  const help = 'Invitations that came, how they were answered, and answers that failed.';
  const counter = metrics.counter('joinleaf_agent_invitations_total', help, ['what']);
  metrics.gauge('joinleaf_agent_memberships', 'Asked for or held.', () => memberships.current);
  const count: EndpointWorld['count'] = (what) => {
    counter.inc({ what });
  };
  const world = { jl, log, memberships, signal, count, turns: new Turns(config.asksMax) };
  const run = randomBytes(5).toString('hex');
  return new Map(
    config.endpoints.map((endpoint) => [
      endpoint.name,
      new Endpoint(endpoint, world, new EventFeed(run, config.eventsKept)),
    ]),
  );
}
