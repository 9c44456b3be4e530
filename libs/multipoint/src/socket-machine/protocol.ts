import type { ControlPlane, DataPlane, JoinFlags } from '../event.js';
import { unusedUnder, type Direction } from '../qos.js';
import { err, ok, type Result } from '../result.js';
import type { Refusal } from '../wsa.js';

/** What a provider offers, like a WSAPROTOCOL_INFO: the plane fields mean something where `multipoint` is set. */
export interface ProtocolEntry {
  readonly name: string;
  readonly multipoint: boolean;
  readonly control: ControlPlane;
  readonly data: DataPlane;
  /** Whether joins carry caller and callee data (R98). */
  readonly connectData: boolean;
  /** Whether joins may ask for a flow (R103). */
  readonly qos: boolean;
  /** The only direction that sockets of this entry have; null for both (R104). */
  readonly direction: 'send' | 'receive' | null;
}

const full = { multipoint: true, connectData: true, qos: true, direction: null } as const;
const conference = { control: 'rooted', data: 'nonrooted' } as const;
const group = { control: 'nonrooted', data: 'nonrooted' } as const;

/** The entries of joinleaf. Both styles of data plane under one control plane are two entries (R6). */
export const protocols = {
  'mp-rooted': { name: 'mp-rooted', ...full, control: 'rooted', data: 'rooted' },
  'mp-conference': { name: 'mp-conference', ...full, ...conference },
  'mp-group': { name: 'mp-group', ...full, ...group },
  /** Sockets that send and never receive, and the reverse (R104). */
  'mp-group-send': { name: 'mp-group-send', ...full, ...group, direction: 'send' },
  'mp-group-receive': { name: 'mp-group-receive', ...full, ...group, direction: 'receive' },
  /** Joins without connect data and without flow specs (R98, R103). */
  'mp-plain': { name: 'mp-plain', ...full, ...conference, connectData: false, qos: false },
} as const satisfies Record<string, ProtocolEntry>;

export type ControlRole = 'c_root' | 'c_leaf';
export type DataRole = 'd_root' | 'd_leaf';
/** WSA_FLAG_MULTIPOINT_C_ROOT and its three companions. */
export type MultipointFlag = ControlRole | DataRole;

export interface Roles {
  readonly control: ControlRole;
  readonly data: DataRole;
}

/**
 * The roles that a socket's creation asks for; null for an ordinary socket, which no JoinLeaf takes.
 *
 * @returns In this order: WSAEINVAL for an entry that is not multipoint (R6), for anything but one
 *   control and one data flag (R2), for a root in a nonrooted plane (R4).
 */
export function rolesOf(
  protocol: ProtocolEntry,
  flags: readonly MultipointFlag[],
): Result<Roles | null, Refusal> {
  if (flags.length === 0) return ok(null);
  if (!protocol.multipoint) return err({ code: 'WSAEINVAL', rule: 'R6' });
  const [control, ...moreControl] = flags.filter(isControl);
  const [data, ...moreData] = flags.filter(isData);
  if (control === undefined || data === undefined || moreControl.length + moreData.length > 0) {
    return err({ code: 'WSAEINVAL', rule: 'R2' });
  }
  const rootOfNothing =
    (control === 'c_root' && protocol.control === 'nonrooted') ||
    (data === 'd_root' && protocol.data === 'nonrooted');
  return rootOfNothing ? err({ code: 'WSAEINVAL', rule: 'R4' }) : ok({ control, data });
}

const isControl = (flag: MultipointFlag): flag is ControlRole =>
  flag === 'c_root' || flag === 'c_leaf';
const isData = (flag: MultipointFlag): flag is DataRole => flag === 'd_root' || flag === 'd_leaf';

/** What a join is for, where the entry has one direction only: that one, whatever is said. */
export function flagsOf({ direction }: ProtocolEntry, flags: JoinFlags): JoinFlags {
  switch (direction) {
    case 'send':
      return 'sender-only';
    case 'receive':
      return 'receiver-only';
    case null:
      return flags;
  }
}

/** The directions of a socket's flow that it has no use for: its entry's or its join's flags say so (R104, A24). */
export const unusedDirections = (entry: ProtocolEntry, flags: JoinFlags): readonly Direction[] =>
  unusedUnder(flagsOf(entry, flags));
