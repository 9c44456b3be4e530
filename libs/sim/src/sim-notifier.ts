import { JetStreamLog, JetStreamNotificationStore } from '@joinleaf/jetstream-log';
import { Notifier, Resumes } from '@joinleaf/notification';
import { keepTime } from '@joinleaf/request-reply';
import {
  decode,
  encode,
  nodeRequestSchemas,
  parseNodeSubject,
  requestBytesMax,
} from '@joinleaf/wire';
import { clockOf } from './clock-of.js';
import type { SimProcess } from './sim-process.js';
import { isAway, servicePingMs, type ServiceWorld, type SimService } from './sim-service.js';

/** A notifier: its production code, put together as the service does it, without Nest. */
export async function startNotifier(
  process: SimProcess,
  { nats, subjects, counted, found }: ServiceWorld,
): Promise<SimService> {
  const connection = await nats.connect({ process, pingMs: servicePingMs });
  const { nc } = connection;
  keepTime(nc, clockOf(process));
  const stores = { nc, subjects, followBy: 'polling' } as const;
  const log = new JetStreamLog(stores);
  const store = new JetStreamNotificationStore(stores);
  const notifier = new Notifier({
    ...{ log, store, inFlightMax: 16, waitingMax: 500 },
    logEnd: async () => {
      const info = await nc.request(`$JS.API.STREAM.INFO.${subjects.streams.events}`, '{}');
      return info.json<{ readonly state: { readonly last_seq: number } }>().state.last_seq;
    },
    sleep: (ms) => process.sleep(ms),
    watcher: {
      stopped: ({ kind }) => {
        counted(`stopped: ${kind}`);
      },
      unreadable: () => {
        counted('unreadable');
      },
      stored: () => undefined,
      conflicted: () => {
        counted('two notifiers told');
      },
      troubled: () => {
        counted('telling was held up');
      },
    },
  });
  const reading = new AbortController();
  const ended = notifier.follow(reading.signal).then(
    () => 'the log ended',
    (cause: unknown) => cause,
  );
  await Promise.race([notifier.caughtUp, ended]);
  const resumes = new Resumes(notifier, store);
  connection.subscribe(subjects.nodes('resume'), {
    queue: 'notifier',
    callback: (_, message) => {
      const subject = parseNodeSubject(message.subject);
      const request = decode(nodeRequestSchemas.resume, message.data, requestBytesMax);
      if (subject === null || !request.ok) return;
      resumes.answer(subject.node, request.value.after).then(
        (reply) => message.respond(encode(reply)),
        (cause: unknown) => {
          if (!isAway(cause)) found(`${process.name}: resume: ${String(cause)}`);
        },
      );
    },
  });
  return { process, connection, ended, counts: () => ({}) };
}
