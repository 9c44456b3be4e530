import { Module, type DynamicModule } from '@nestjs/common';
import { httpToken } from './access.guard.js';
import { AgentController } from './agent.controller.js';
import { LeafAgent } from './leaf-agent.js';

@Module({ controllers: [AgentController] })
export class AgentModule {
  static with(agent: LeafAgent, token: string | null): DynamicModule {
    return {
      module: AgentModule,
      providers: [
        { provide: LeafAgent, useValue: agent },
        { provide: httpToken, useValue: token },
      ],
    };
  }
}
