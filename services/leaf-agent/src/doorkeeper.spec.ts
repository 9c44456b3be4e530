import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Invitation, Refused } from '@joinleaf/client';
import type { Admission } from './config.js';
import { answerInvitation, type Door, type DoorNews } from './doorkeeper.js';
import type { Membership } from './memberships.js';
import { Turns } from './turns.js';

/** What the doorkeeper did with one invitation. */
class Scene implements Door {
  readonly endpoint = 'desk';
  readonly done: string[] = [];
  readonly news: DoorNews[] = [];
  readonly invitation: Invitation & { expired: boolean };
  /** Called after each. */
  afterwards = (): void => undefined;

  constructor(
    readonly admission: Admission,
    private readonly refusal: Refused | null = null,
  ) {
    this.invitation = {
      session: 'conf-7',
      join: 'J3',
      from: 'ada/run1/1',
      flags: 'both',
      callerData: null,
      deadlineAt: null,
      expired: false,
      accept: () => Promise.reject(new Error('the door accepts')),
      reject: () => Promise.reject(new Error('the door rejects')),
      defer: async () => this.#do('defer'),
    };
  }

  async accept(_: Invitation, data?: Uint8Array) {
    const words = data === undefined ? 'accept' : `accept ${Buffer.from(data).toString()}`;
    const done = this.#do(words);
    return done.ok ? { ok: true as const, membership: {} as Membership } : done;
  }
  async reject() {
    return this.#do('reject');
  }
  tell(news: DoorNews): void {
    this.news.push(news);
  }
  #do(what: string): { readonly ok: true } | Refused {
    this.done.push(what);
    this.afterwards();
    return this.refusal ?? { ok: true };
  }
}

const run = (scene: Scene, signal = new AbortController().signal) =>
  answerInvitation(scene.invitation, scene, new Turns(1), signal);

let server: Server | null = null;
afterEach(() => {
  server?.close();
  server = null;
});

async function program(...answers: readonly (string | number)[]): Promise<Admission> {
  let asked = 0;
  const made = createServer((_, response) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? 500;
    asked += 1;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else response.end(answer);
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const { port } = made.address() as AddressInfo;
  return { ask: `http://127.0.0.1:${String(port)}`, timeoutMs: 500 };
}

describe('answerInvitation', () => {
  it.each(['accept', 'reject', 'defer'] as const)('follows the rule %s', async (rule) => {
    const scene = new Scene(rule);
    await run(scene);
    expect(scene.done).toEqual([rule]);
    expect(scene.news).toEqual([{ kind: 'answered', decision: rule }]);
  });

  it('does what the program decides, with its callee data', async () => {
    const scene = new Scene(await program('{"decision":"accept","calleeData":"aGk="}'));
    await run(scene);
    expect(scene.done).toEqual(['accept hi']);
  });

  it('defers while the program fails, and asks again', async () => {
    const scene = new Scene(await program(500, 'nonsense', '{"decision":"reject"}'));
    await run(scene);
    expect(scene.done).toEqual(['defer', 'reject']);
    expect(scene.news.filter(({ kind }) => kind === 'program-failed')).toEqual([
      { kind: 'program-failed', problem: 'answered 500', attempt: 1 },
      { kind: 'program-failed', problem: 'answered what is no decision', attempt: 2 },
    ]);
  });

  it('asks no longer than the invitation waits', async () => {
    const scene = new Scene(await program(500));
    scene.afterwards = () => {
      scene.invitation.expired = true;
    };
    await run(scene);
    expect(scene.done).toEqual(['defer']);
    expect(scene.news.filter(({ kind }) => kind === 'program-failed')).toHaveLength(1);
  });

  it('asks no longer than the agent lives', async () => {
    const scene = new Scene(await program(500));
    const life = new AbortController();
    scene.afterwards = () => {
      life.abort();
    };
    await run(scene, life.signal);
    expect(scene.done).toEqual(['defer']);
  });

  it('tells when an answer was refused', async () => {
    const refusal: Refused = {
      ok: false,
      code: 'WSAEACCES',
      number: 10_013,
      rule: 'R87',
      retry: 'later',
      message: 'It was withdrawn.',
      session: 'conf-7',
      join: 'J3',
      commandId: null,
      basedOn: null,
      event: null,
      facts: null,
    };
    const scene = new Scene('accept', refusal);
    await run(scene);
    expect(scene.news).toEqual([{ kind: 'refused', decision: 'accept', refusal }]);
  });
});
