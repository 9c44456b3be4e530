import { connect } from '@joinleaf/client';

// A program that joins a session and stays, until it is killed.
const [servers = '', user, pass, realm, node = '', session = '', boundMs] = process.argv.slice(2);
const jl = await connect({
  servers: servers.split(','),
  ...(user === '' ? {} : { user, pass }),
  realm,
  node,
  boundMs: Number(boundMs),
});
const outcome = await jl.joinLeaf(session);
process.stdout.write(outcome.ok ? 'joined\n' : `${outcome.message}\n`);
setInterval(() => undefined, 60_000);
