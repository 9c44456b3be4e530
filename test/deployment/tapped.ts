import { dialNats, type Dial } from '@joinleaf/client';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Recording } from './recording.js';

/** Connects as the client does, and records what the node asks and is answered. Times are of the wall clock. */
export function tapped(recording: Recording, node: string): Dial {
  return async (settings, timeoutMs) => {
    const nc = await dialNats(settings, timeoutMs);
    const request: NatsConnection['request'] = async (subject, payload, options) => {
      const data =
        typeof payload === 'string' ? Buffer.from(payload) : (payload ?? Buffer.alloc(0));
      const asked = { subject, data };
      recording.asked(node, asked, Date.now());
      try {
        const reply = await nc.request(subject, payload, options);
        recording.answered(node, asked, reply, Date.now());
        return reply;
      } catch (error) {
        recording.answered(node, asked, null, Date.now());
        throw error;
      }
    };
    return new Proxy(nc, {
      get: (target, name) => {
        if (name === 'request') return request;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  };
}
