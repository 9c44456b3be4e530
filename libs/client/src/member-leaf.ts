import { socketAt } from '@joinleaf/multipoint';
import type { Leaf, Root, SuccessionOptions } from './api.js';
import { checkOptions } from './check.js';
import { Membership, type MemberParts } from './member.js';
import { openRoot } from './open-root.js';
import { successionFields } from './option-fields.js';

/** A member's own socket: the one that asked, or the one that accepted an invitation. */
export class MemberLeaf extends Membership implements Leaf {
  constructor(
    parts: MemberParts,
    readonly address: string,
  ) {
    super(parts);
  }

  async succeed(options: SuccessionOptions = {}): Promise<Root> {
    checkOptions(options, successionFields);
    const { signal, timeoutMs, backlog } = options;
    const { provider, descriptor } = this.parts;
    const data = socketAt(provider.state, descriptor)?.traffic.plane?.data;
    return openRoot(provider, this.session, { signal, timeoutMs, backlog, data });
  }
}
