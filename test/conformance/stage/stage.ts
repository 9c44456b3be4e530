import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDeployment, type Deployment } from '../../deployment/deployment.js';
import { Program } from '../bridge/program.js';

/** The programs that every test file finds. Each is a process, and hosts a node of its name for each file. */
export const programNames = ['ada', 'bob', 'carol', 'dan'] as const;
export type ProgramName = (typeof programNames)[number];

/** What a test file has to know to use the stage. */
export interface StagePlan {
  readonly realm: string;
  /** Options of `connect` that are the same for every node. */
  readonly login: Readonly<Record<string, unknown>>;
  readonly brokerPort: number;
  readonly programs: Readonly<Record<ProgramName, string>>;
  /** Where more programs may be started. */
  readonly folder: string;
}

/** Set for the workers of Jest, which inherit the environment of its main process. */
const planVariable = 'JOINLEAF_TEST_STAGE';

/** A nats-server, the services and the programs: one of each for the whole suite. */
export class Stage {
  static async start(): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'joinleaf-c-'));
    const [deployment, ...programs] = await Promise.all([
      startDeployment(),
      ...programNames.map((name) => Program.start(name, folder)),
    ]);
    const stage = new Stage(deployment, programs, folder);
    process.env[planVariable] = JSON.stringify(stage.#plan());
    return stage;
  }

  private constructor(
    private readonly deployment: Deployment,
    private readonly programs: readonly Program[],
    private readonly folder: string,
  ) {}

  async stop(): Promise<void> {
    await Promise.allSettled(this.programs.map((program) => program.stop()));
    await this.deployment.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #plan(): StagePlan {
    const { nats, realm } = this.deployment;
    const places = programNames.map((name, index) => [name, this.programs[index]?.where]);
    return {
      realm,
      login: { ...nats.credentials.nodes },
      brokerPort: nats.port,
      programs: Object.fromEntries(places) as StagePlan['programs'],
      folder: this.folder,
    };
  }
}

/** The stage that this run of Jest has set up. */
export function stagePlan(): StagePlan {
  const plan = process.env[planVariable];
  if (plan === undefined) throw new Error('the stage is set up by the conformance project of Jest');
  return JSON.parse(plan) as StagePlan;
}
