import { bindSocket, err, listenAt, ok, type Descriptor } from '@joinleaf/multipoint';
import { readAddress } from '../addresses.js';
import { answered } from '../answered.js';
import { isWhole } from '../memory.js';
import { invalid, type Outcome } from '../refusals.js';
import type { Thread } from '../thread.js';

/** WSPBind: see `bindSocket`. A c_root's address is the arbiter's to give. */
export async function bind(
  thread: Thread,
  s: unknown,
  { name, namelen }: { readonly name: unknown; readonly namelen: unknown },
): Promise<Outcome> {
  const refusal = thread.refusesOn(s);
  if (refusal !== null) return err(refusal);
  const { provider } = thread;
  const named = readAddress(name, namelen);
  // What is no address is refused in its turn: after a second bind (R11).
  const address = named.ok && named.value.isOurs ? named.value.text : '';
  const bound = provider.take(bindSocket(provider.state, { socket: s as Descriptor, address }));
  if (!bound.ok) {
    const isFamily = named.ok && !named.value.isOurs && bound.error.rule === 'E9';
    return isFamily ? err({ code: 'WSAEFAULT', rule: 'R13' }) : bound;
  }
  const done = await answered(provider, bound.value.call);
  return done.ok ? ok(0) : done;
}

/** WSPListen: see `listenAt`. Any whole number is a backlog (R22). */
export async function listen(thread: Thread, s: unknown, backlog: unknown): Promise<Outcome> {
  const refusal = thread.refusesOn(s);
  if (refusal !== null) return err(refusal);
  if (!isWhole(backlog, -0x8000_0000, 0x7fff_ffff)) return err(invalid('H17'));
  const { provider } = thread;
  const listening = provider.take(listenAt(provider.state, { socket: s as Descriptor, backlog }));
  if (!listening.ok) return listening;
  const done = await answered(provider, listening.value.call);
  return done.ok ? ok(0) : done;
}
