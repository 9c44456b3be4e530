import { allPeers } from './all.js';

// A program of its own that joins a session and stays, until it is killed. The address may have a password in it.
const [id = '', session = '', program = '', boundMs = ''] = process.argv.slice(2);
const { PEER_ADDRESS: address = '' } = process.env;
const peer = allPeers.find((each) => each.id === id);
if (peer === undefined) throw new Error(`there is no peer ${id}`);
const member = await peer.connect(address, { program, boundMs: Number(boundMs) });
const { outcome } = await member.join(session, 1);
if (outcome !== 'admitted') throw new Error(`${program} was told: ${outcome}`);
process.stdout.write('joined\n');
process.stdin.on('end', () => process.exit()).resume();
