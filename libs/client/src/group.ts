import type { AdmissionPolicy, SessionAddress } from '@joinleaf/multipoint';
import type { CallOptions, Group } from './api.js';
import type { Command } from './asker.js';
import { checkPolicy } from './check.js';
import { JoinleafRefusal } from './errors.js';
import type { Provider } from './provider.js';
import { refusedThere } from './refused.js';

/** A nonrooted session, as its operator sees it: no socket stands for it. */
export class OperatedGroup implements Group {
  constructor(
    private readonly provider: Provider,
    readonly address: SessionAddress,
  ) {}

  async open(policy: Partial<AdmissionPolicy>, options: CallOptions): Promise<void> {
    await this.#ask(
      { verb: 'open', socket: null, data: 'nonrooted', policy: checkPolicy(policy) },
      options,
    );
  }

  async setPolicy(change: Partial<AdmissionPolicy>, options: CallOptions = {}): Promise<void> {
    await this.#ask({ verb: 'policy', socket: null, policy: checkPolicy(change) }, options);
  }

  async close(options: CallOptions = {}): Promise<void> {
    await this.#ask({ verb: 'close', socket: null }, options);
  }

  async #ask(command: Command, options: CallOptions): Promise<void> {
    options.signal?.throwIfAborted();
    this.provider.check();
    const reply = await this.provider.command(this.address, command, options);
    if (!reply.ok) throw new JoinleafRefusal(refusedThere(reply));
  }
}
