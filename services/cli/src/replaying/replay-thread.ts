// The program of a thread that decides sessions again. It knows no connection and no file: what it works on is handed to it.
import { parentPort, workerData } from 'node:worker_threads';
import type { StoredCommit } from '@joinleaf/event-log';
import type { Decider } from '@joinleaf/replay';
import { sessionIn } from '@joinleaf/wire';
import { deciderFrom } from './decider.js';
import { SessionsDeciding } from './deciding.js';
import { unpacked } from './packed-messages.js';
import { reportOf, worded, type SessionReport } from './session-report.js';
import type { FromThread, Question, ThreadSetup, ToThread } from './thread-protocol.js';

const port = parentPort;
if (port === null) throw new Error('this is the program of a thread');
const { against, cwd, reporting } = workerData as ThreadSetup;
const decoder = new TextDecoder();
let history: StoredCommit[] = [];
const begun = deciderFrom(against, cwd).then((decider) => ({
  decider,
  sessions: new SessionsDeciding(decider),
}));

port.on('message', (message: ToThread) => {
  void take(message);
});

async function take(message: ToThread): Promise<void> {
  const { decider, sessions } = await begun; // Nothing else is waited for: messages stay in their order.
  switch (message.kind) {
    case 'session':
      sessions.begin(message.session, message.refusals);
      break;
    case 'messages':
      for (const stored of unpacked(message.messages)) {
        const session = sessionIn(stored.subject);
        if (session !== null) sessions.take(session, stored);
      }
      say({ kind: 'taken' });
      break;
    case 'commits': {
      const commits = JSON.parse(decoder.decode(message.json)) as readonly StoredCommit[];
      for (const commit of commits) history.push(commit);
      break;
    }
    case 'finish': {
      const { session } = message;
      say(answer(() => worded(sessions.finish(session), message, reporting, null)));
      break;
    }
    case 'decide':
      say(answer(() => decided(message, decider)));
  }
}

const say = (message: FromThread): void => {
  port.postMessage(message);
};

function answer(report: () => SessionReport): FromThread {
  try {
    return { kind: 'report', report: report() };
  } catch (error) {
    const { name, message: words } = error instanceof Error ? error : new Error(String(error));
    return { kind: 'failed', name, message: words };
  }
}

function decided(question: Extract<Question, { kind: 'decide' }>, decider: Decider): SessionReport {
  const { session, refusals, origin, again, trouble } = question;
  const commits = history;
  history = [];
  const source = { history: { session, commits, refusals }, origin, again, trouble };
  return reportOf(source, decider, reporting);
}
