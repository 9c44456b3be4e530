import type { SessionAddress } from '@joinleaf/multipoint';
import { everyEndpointOften, type Sessions } from './join-rows.js';
import type { ProgramNode } from './program-node.js';

const session = 'race' as SessionAddress;
const capacity = 10;
const racers = 100;
const backlog = 1;
const rootSocket = '1';
/** Nobody else's sockets go so far. */
const firstSocket = 900_000_000;

export interface Race {
  /** What is wrong with the answers; null when nothing is. */
  readonly problem: string | null;
  /** To be read back with the others. */
  readonly sessions: Sessions;
}

/**
 * A hundred leaves and ten places, before anything is measured: ten are admitted, and the others are told that it is full.
 * A fast wrong answer is none.
 */
export async function race(root: ProgramNode, leaf: ProgramNode): Promise<Race> {
  const policy = { admit: 'auto', identity: everyEndpointOften, capacity } as const;
  await root.command(session, 'open', { socket: rootSocket, policy });
  await root.command(session, 'listen', { socket: rootSocket, backlog });
  const join = async (number: number): Promise<string> => {
    const socket = String(firstSocket + number);
    const local = `${leaf.name}:${String(number + 1)}` as never;
    const reply = await leaf.ask(session, 'join', { as: 'leaf', socket, local });
    return reply.ok ? reply.answer.type : reply.code;
  };
  const answers = await Promise.all(Array.from({ length: racers }, (_, number) => join(number)));
  const count = (wanted: string) => answers.filter((answer) => answer === wanted).length;
  const [admitted, full] = [count('joined'), count('WSAENOBUFS')];
  const isRight = admitted === capacity && full === racers - capacity;
  const found = `${String(racers)} raced for ${String(capacity)} places, and were told: ${[...new Set(answers)].map((each) => `${String(count(each))} × ${each}`).join(', ')}`;
  return { problem: isRight ? null : found, sessions: { addresses: [session], joined: admitted } };
}
