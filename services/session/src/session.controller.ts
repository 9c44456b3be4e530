import { NodeKeeper, SessionCommands } from '@joinleaf/arbiter';
import { Controller, Inject } from '@nestjs/common';
import { Command, NodeRequest, type CommandRequest, type NodeMessage } from '@joinleaf/nest-kit';
import { verbs, type BeatReply, type Reply, type StartReply, type StopReply } from '@joinleaf/wire';

@Controller()
export class SessionController {
  constructor(
    @Inject(SessionCommands) private readonly commands: SessionCommands,
    @Inject(NodeKeeper) private readonly nodes: NodeKeeper,
  ) {}

  @Command(...verbs)
  command(request: CommandRequest): Promise<Reply> {
    return this.commands.take(request, request.data);
  }

  @NodeRequest('start')
  start({ node, data }: NodeMessage): Promise<StartReply> {
    return this.nodes.start(node, data);
  }

  @NodeRequest('stop')
  stop({ node, data }: NodeMessage): Promise<StopReply> {
    return this.nodes.stop(node, data);
  }

  @NodeRequest('beat')
  beat({ node, data }: NodeMessage): BeatReply | undefined {
    return this.nodes.beat(node, data);
  }
}
