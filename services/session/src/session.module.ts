import { NodeKeeper, SessionCommands } from '@joinleaf/arbiter';
import { Module, type DynamicModule } from '@nestjs/common';
import { SessionController } from './session.controller.js';

@Module({})
export class SessionModule {
  static with(commands: SessionCommands, nodes: NodeKeeper): DynamicModule {
    return {
      module: SessionModule,
      controllers: [SessionController],
      providers: [
        { provide: SessionCommands, useValue: commands },
        { provide: NodeKeeper, useValue: nodes },
      ],
    };
  }
}
