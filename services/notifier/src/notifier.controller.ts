import { NodeRequest, type NodeMessage } from '@joinleaf/nest-kit';
import { Resumes } from '@joinleaf/notification';
import {
  decode,
  nodeRequestSchemas,
  refusedReply,
  requestBytesMax,
  type ResumeReply,
} from '@joinleaf/wire';
import { Controller } from '@nestjs/common';

@Controller()
export class NotifierController {
  constructor(private readonly resumes: Resumes) {}

  @NodeRequest('resume')
  async resume({ node, data }: NodeMessage): Promise<ResumeReply> {
    const request = decode(nodeRequestSchemas.resume, data, requestBytesMax);
    if (request.ok) return this.resumes.answer(node, request.value.after);
    const { field, problem } = request.error;
    return refusedReply({ code: 'WSAEFAULT', rule: 'H11', message: `${field} ${problem}`.trim() });
  }
}
