import { dialNats, type Dial } from '@joinleaf/client';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Recording } from './recording.js';

interface Packet {
  readonly subject: string;
  readonly data: Uint8Array;
}

/**
 * Connects as the client does, and records what the node asks and is answered: everything that leaves with a way back, and
 * the first that arrives on it. Times are of the wall clock.
 */
export function tapped(recording: Recording, node: string): Dial {
  return async (settings, timeoutMs) => {
    const nc = await dialNats(settings, timeoutMs);
    const asked = new Map<string, Packet>();
    const publish: NatsConnection['publish'] = (subject, payload = new Uint8Array(), options) => {
      if (options?.reply !== undefined) {
        const data = typeof payload === 'string' ? Buffer.from(payload) : payload;
        asked.set(options.reply, { subject, data });
        recording.asked(node, { subject, data }, Date.now());
      }
      nc.publish(subject, payload, options);
    };
    const subscribe: NatsConnection['subscribe'] = (subject, { callback, ...options } = {}) => {
      if (callback === undefined) return nc.subscribe(subject, options);
      return nc.subscribe(subject, {
        ...options,
        callback: (error, message) => {
          const question = error === null ? asked.get(message.subject) : undefined;
          if (question !== undefined) {
            asked.delete(message.subject);
            recording.answered(node, question, message, Date.now());
          }
          void callback(error, message);
        },
      });
    };
    return new Proxy(nc, {
      get: (target, name) => {
        if (name === 'publish') return publish;
        if (name === 'subscribe') return subscribe;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  };
}
