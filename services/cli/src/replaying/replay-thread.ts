// The program of a thread that decides sessions again. It knows no connection and no file: what it works on is handed to it.
import { parentPort, workerData } from 'node:worker_threads';
import type { StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Decider } from '@joinleaf/replay';
import { sessionIn } from '@joinleaf/wire';
import { deciderFrom } from './decider.js';
import { Gathered } from './gathered.js';
import { unpacked } from './packed-messages.js';
import { reportOf } from './session-report.js';
import type { FromThread, ThreadSetup, ToThread } from './thread-protocol.js';

const port = parentPort;
if (port === null) throw new Error('this is the program of a thread');
const { against, cwd, reporting } = workerData as ThreadSetup;
const decoder = new TextDecoder();
const gathered = new Map<string, Gathered>();
const decider = deciderFrom(against, cwd);

port.on('message', (message: ToThread) => {
  void take(message);
});

async function take(message: ToThread): Promise<void> {
  const law = await decider;
  switch (message.kind) {
    case 'messages':
      for (const stored of unpacked(message.messages)) {
        const session = sessionIn(stored.subject);
        if (session !== null) of(session, session).take(stored);
      }
      break;
    case 'commits': {
      const commits = JSON.parse(decoder.decode(message.json)) as readonly StoredCommit[];
      of(message.key, message.session).add(commits);
      break;
    }
    case 'decide':
      port?.postMessage(answer(message, law));
  }
}

function answer(message: Extract<ToThread, { kind: 'decide' }>, law: Decider): FromThread {
  const { key, session, refusals, origin, again } = message;
  try {
    const { history, trouble } = of(key, session).whole(refusals);
    gathered.delete(key);
    const source = { history, origin, again, trouble: message.trouble ?? trouble };
    return { kind: 'report', report: reportOf(source, law, reporting) };
  } catch (error) {
    const { name, message: words } = error instanceof Error ? error : new Error(String(error));
    return { kind: 'failed', name, message: words };
  }
}

function of(key: string, session: SessionAddress): Gathered {
  const known = gathered.get(key);
  if (known !== undefined) return known;
  const made = new Gathered(session);
  gathered.set(key, made);
  return made;
}
