import { RawNode } from '../deployment/raw-node.js';
import type { CrowdWish } from './crowd.js';

// A crowd: nodes that join one session, beat, and do nothing else until they are killed.

const wish = JSON.parse(process.argv[2] ?? '') as CrowdWish;
const { servers, user, pass, realm, session, names, boundMs } = wish;
const atOnce = 20;

for (let first = 0; first < names.length; first += atOnce) {
  await Promise.all(names.slice(first, first + atOnce).map(join));
}
process.stdout.write('joined\n');

async function join(name: string): Promise<void> {
  const node = await RawNode.connect({ servers: [...servers], user, pass }, realm, name);
  await node.start({ boundMs });
  setInterval(() => {
    node.beat();
  }, boundMs / 5);
  const socket = node.socket();
  const reply = await node.ask(session, 'join', { as: 'leaf', socket, local: `${name}:1` });
  if (reply.ok !== true) throw new Error(`${name}: ${JSON.stringify(reply)}`);
}
