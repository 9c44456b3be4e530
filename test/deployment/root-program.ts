// A program that keeps a session, as a process of its own: it says what happens to it, one line of JSON each, and
// goes on until it is ended.
import { setTimeout as delay } from 'node:timers/promises';
import { connect, JoinleafError, type ConnectOptions, type RootOptions } from '@joinleaf/client';

export interface RootWish {
  readonly login: Pick<ConnectOptions, 'servers' | 'user' | 'pass' | 'realm' | 'node' | 'boundMs'>;
  readonly session: string;
  readonly root: RootOptions;
}

const { login, session, root: options } = JSON.parse(process.argv[2] ?? '{}') as RootWish;
const say = (what: object): void => {
  process.stdout.write(`${JSON.stringify(what)}\n`);
};

const jl = await connect(login);
const root = await openWhenFree();
say({ event: 'opened', incarnation: root.incarnation, socket: root.socket });
void tellOfMessages();
const linked = new Set<string>();
const events = root.events();
for (;;) {
  for (const { leaf, join } of root.links) {
    if (linked.has(leaf)) continue;
    linked.add(leaf);
    say({ event: 'linked', leaf, join });
  }
  if ((await events.next()).done === true) break;
}

// The run before this one keeps the address until it is known to be over.
async function openWhenFree() {
  for (;;) {
    try {
      return await jl.openRoot(session, options);
    } catch (error) {
      if (!(error instanceof JoinleafError) || error.code !== 'WSAEADDRINUSE') throw error;
      say({ event: 'refused', code: error.code });
      await delay(20);
    }
  }
}

async function tellOfMessages(): Promise<void> {
  for await (const message of root.messages()) {
    say({ event: 'heard', from: message.node, text: message.text() });
  }
}
