import {
  bindSocket,
  createSocket,
  protocols,
  type AdmissionPolicy,
  type Descriptor,
  type SessionAddress,
} from '@joinleaf/multipoint';
import type { CallOptions, Root, RootOptions } from './api.js';
import { checkBacklog, checkObject, checkOneOf, checkPolicy, checkSession } from './check.js';
import { JoinleafRefusal } from './errors.js';
import { rootFields } from './option-fields.js';
import type { Provider } from './provider.js';
import { refusedHere, refusedThere } from './refused.js';
import { SessionRoot } from './root.js';
import { abortable } from './waits.js';

/** Requests that may wait where a program says nothing of it. */
const backlogStandard = 128;

/** Opens a session, or takes one over that has lost its root, and listens. What came about of a call that fails is closed again. */
export async function openRoot(
  provider: Provider,
  session: string,
  options: RootOptions,
): Promise<Root> {
  const address = checkSession('session', session);
  checkObject('options', options);
  const policy = checkPolicy(policyIn(options));
  const { backlog = backlogStandard, data = 'nonrooted' } = options;
  if (backlog !== null) checkBacklog(backlog);
  checkOneOf('data', data, ['rooted', 'nonrooted']);
  options.signal?.throwIfAborted();
  provider.check();
  const protocol = data === 'rooted' ? protocols['mp-rooted'] : protocols['mp-conference'];
  const dataRole = data === 'rooted' ? 'd_root' : 'd_leaf';
  const created = provider.take(createSocket(provider.state, protocol, ['c_root', dataRole]));
  if (!created.ok) throw new JoinleafRefusal(refusedHere(created.error, { session }));
  const root = new SessionRoot(provider, address, created.value);
  try {
    const opening = { root: created.value, address, policy };
    root.opened(await open(provider, opening, options));
    if (backlog !== null) await root.listen(backlog, options);
    return root;
  } catch (error) {
    void provider.release(created.value);
    throw error;
  }
}

interface Opening {
  readonly root: Descriptor;
  readonly address: SessionAddress;
  readonly policy: Partial<AdmissionPolicy>;
}

async function open(
  provider: Provider,
  { root, address, policy }: Opening,
  options: CallOptions,
): Promise<number> {
  const bound = provider.take(
    bindSocket(provider.state, { socket: root, address, policy }),
    options,
  );
  if (!bound.ok) throw new JoinleafRefusal(refusedHere(bound.error, { session: address }));
  const { call } = bound.value;
  if (call === null) throw new Error('a root asks for its address');
  const reply = await abortable(provider.answer(call), options.signal);
  if (!reply.ok) throw new JoinleafRefusal(refusedThere(reply));
  return reply.answer.type === 'opened' ? reply.answer.incarnation : 0;
}

// What is neither is passed on to be refused by name, like a misspelt `capcity`.
const policyIn = (options: RootOptions): Partial<AdmissionPolicy> =>
  Object.fromEntries(
    Object.entries(options).filter(([field]) => !Object.hasOwn(rootFields, field)),
  );
