import type { SessionAddress } from '../address.js';
import type { CallId, Descriptor } from './effect.js';
import type { ListeningSocket, MemberSocket, RootSocket } from './socket.js';
import { noTraffic } from './traffic.js';
import { inheritedWatch } from './watch.js';

interface Birth {
  readonly descriptor: Descriptor;
  readonly session: SessionAddress;
  /** The join or accept that makes it; null for a link that the arbiter made. */
  readonly call: CallId | null;
}

// Properties and the registration are inherited, not what was recorded, sent or given (R74, R75, R77, R79).
const inherited = ({ watch, mode, options, qos }: ListeningSocket) =>
  ({ watch: inheritedWatch(watch), mode, options, qos, flow: null, traffic: noTraffic }) as const;

/** A root's link: a c_leaf whatever its parent is (R76), registered as its parent is (R74). */
export const linkOf = (root: RootSocket, { descriptor, session, call }: Birth): MemberSocket => ({
  kind: 'link',
  descriptor,
  protocol: root.protocol,
  roles: { control: 'c_leaf', data: 'd_leaf' },
  ...inherited(root),
  session,
  serial: String(descriptor),
  parent: root.descriptor,
  phase: 'pending',
  call,
});

/** What accept returns: a link at a c_root (R37), the member at an invited leaf (R34). Both inherit (R75). */
export function acceptedOf(parent: ListeningSocket, birth: Birth): MemberSocket {
  if (parent.kind === 'root') return linkOf(parent, birth);
  const { descriptor, session, call } = birth;
  return {
    kind: 'accepted',
    descriptor,
    protocol: parent.protocol,
    roles: parent.roles,
    ...inherited(parent),
    session,
    serial: String(descriptor),
    parent: parent.descriptor,
    phase: 'pending',
    call,
  };
}
