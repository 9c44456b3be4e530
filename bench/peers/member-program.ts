import { allPeers } from './all.js';

// A program of its own that joins a session and stays, until it is killed.
const [id = '', address = '', session = '', program = '', boundMs = ''] = process.argv.slice(2);
const peer = allPeers.find((each) => each.id === id);
if (peer === undefined) throw new Error(`there is no peer ${id}`);
const member = await peer.connect(address, { program, boundMs: Number(boundMs) });
const { outcome } = await member.join(session, 1);
process.stdout.write(`${outcome}\n`);
process.stdin.on('end', () => process.exit()).resume();
