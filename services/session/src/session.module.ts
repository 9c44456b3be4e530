import { Module, type DynamicModule } from '@nestjs/common';
import { NodeKeeper } from './node-keeper.js';
import { SessionCommands } from './session-commands.js';
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
