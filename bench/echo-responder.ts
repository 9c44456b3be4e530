import { connect } from '@nats-io/transport-node';

// The other process of the echo floor: it answers every request with nothing.
const [servers = '', user = '', pass = '', ...subjects] = process.argv.slice(2);
const nc = await connect({ servers, user, pass });
const nothing = new Uint8Array(0);
for (const subject of subjects) {
  nc.subscribe(subject, {
    callback: (_error, message) => {
      message.respond(nothing);
    },
  });
}
await nc.flush();
process.stdout.write('ready\n');
