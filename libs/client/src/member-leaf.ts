import { socketAt } from '@joinleaf/multipoint';
import type { Leaf, Root, SuccessionOptions } from './api.js';
import { Membership, type MemberParts } from './member.js';
import { openRoot } from './open-root.js';

/** A member's own socket: the one that asked, or the one that accepted an invitation. */
export class MemberLeaf extends Membership implements Leaf {
  constructor(
    parts: MemberParts,
    readonly address: string,
  ) {
    super(parts);
  }

  succeed({ signal, timeoutMs, backlog }: SuccessionOptions = {}): Promise<Root> {
    const { provider, descriptor } = this.parts;
    const data = socketAt(provider.state, descriptor)?.traffic.plane?.data;
    return openRoot(provider, this.session, { signal, timeoutMs, backlog, data });
  }
}
