import { connect } from '@joinleaf/client';
import { fromEnvironment } from './credentials.js';

// A program that joins a session and stays, until it is killed.
const [realm, node = '', session = '', boundMs] = process.argv.slice(2);
const jl = await connect({ ...fromEnvironment(), realm, node, boundMs: Number(boundMs) });
const outcome = await jl.joinLeaf(session);
if (!outcome.ok) throw new Error(outcome.message);
process.stdout.write('joined\n');
setInterval(() => undefined, 60_000);
