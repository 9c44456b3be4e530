import { connect } from '@nats-io/transport-node';
import { fromEnvironment } from './credentials.js';

// The other process of the echo floor: it answers every request on these subjects with nothing.
const nc = await connect(fromEnvironment());
const nothing = new Uint8Array(0);
for (const subject of process.argv.slice(2)) {
  nc.subscribe(subject, {
    callback: (_error, message) => {
      message.respond(nothing);
    },
  });
}
await nc.flush();
process.stdout.write('ready\n');
