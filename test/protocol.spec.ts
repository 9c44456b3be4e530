import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  answer,
  decide,
  evolve,
  notify,
  refusalMessage,
  retryClass,
  socketId,
  socketParts,
  unopened,
  winsockPolicy,
  WSA,
  type Notification,
  type SessionAddress,
  type SessionCommand,
  type SocketId,
} from '@joinleaf/multipoint';
import {
  bulletinSchema,
  decode,
  nodeRequestSchemas,
  parseCommandSubject,
  parseNodeSubject,
  partitionOf,
  replySchema,
  requestBytesMax,
  requestSchemas,
  resumeReplySchema,
  startReplySchema,
  type CommandSubject,
  type RequestOf,
} from '@joinleaf/wire';
import { withTables } from '../scripts/protocol.mjs';

const text = readFileSync(join(import.meta.dirname, '../docs/PROTOCOL.md'), 'utf8');
const bytes = (json: string): Uint8Array => new TextEncoder().encode(json);

describe('docs/PROTOCOL.md', () => {
  it('has the tables of the schemas (npm run protocol writes them)', () => {
    expect(withTables(text)).toBe(text);
  });

  it('lists partitions as they are', () => {
    const rows = [...text.matchAll(/^\| `(\S+)` \| `(0x[0-9a-f]{8})` \| `(\d\d)` \|$/gm)];
    expect(rows.length).toBeGreaterThan(7);
    for (const [, address = '', hash, partition] of rows) {
      expect(partitionOf(address as SessionAddress)).toBe(partition);
      expect(String(Number(hash) % 64).padStart(2, '0')).toBe(partition);
    }
  });
});

// The example is a conversation: what is sent is decided by the law, and what the document says is
// answered and told has to be what the law answers and tells.
describe('the complete join', () => {
  const now = 1_795_000_000_000;
  const example = text.slice(text.indexOf('## A complete join'));
  const steps = [...example.matchAll(/```(sh|json \w+(?: \w+)?)\n([\s\S]*?)\n```/g)].map(
    ([, kind = '', body = '']) => ({ kind, body }),
  );

  it('says what a node may say, and is answered so', () => {
    const requests = steps.filter(({ body }) => / (?:req|pub) jl\.main\.node\./.test(body));
    expect(requests.length).toBeGreaterThan(2);
    for (const { body } of requests) {
      const { subject, json } = sent(body);
      const { verb = 'beat', node } = parseNodeSubject(subject) ?? {};
      expect(body).toContain(`${String(node)} `);
      expect(decode(nodeRequestSchemas[verb], bytes(json), requestBytesMax).ok).toBe(true);
    }
    expect(replyAfter('.start ')).toEqual(read(startReplySchema, replyAfter('.start ')));
    expect(replyAfter('.resume ')).toEqual(read(resumeReplySchema, replyAfter('.resume ')));
  });

  it('says of a session what the law decides, answers and tells', () => {
    const session = new Conversation(now);
    const replies: unknown[] = [];
    for (const { kind, body } of steps) {
      if (body.includes(' req jl.main.cmd.')) {
        const { subject, json } = sent(body);
        const command = parseCommandSubject(subject);
        expect(command).not.toBeNull();
        if (command === null) continue;
        expect(body).toMatch(new RegExp(`^${command.node} req `));
        replies.push(session.say(command, bytes(json)));
      } else if (kind === 'json reply' && replies.length > 0) {
        const written: unknown = JSON.parse(body);
        expect(written).toEqual(replies.pop());
        expect(read(replySchema, written)).toEqual(written);
      } else if (kind.startsWith('json bulletin')) {
        const written: unknown = JSON.parse(body);
        expect(written).toEqual(session.bulletinFor(kind.split(' ')[2] ?? ''));
        expect(read(bulletinSchema, written)).toEqual(written);
      }
    }
    expect(session.revision).toBeGreaterThan(5);
    expect(session.untold()).toEqual([]);
  });

  function replyAfter(request: string): unknown {
    const at = steps.findIndex(({ body }) => body.includes(request));
    return JSON.parse(steps[at + 1]?.body ?? 'null');
  }
});

function sent(line: string): { readonly subject: string; readonly json: string } {
  const [, subject = '', json = ''] = /(?:req|pub) (\S+) '(.*?)'/.exec(line) ?? [];
  return { subject, json };
}

function read(schema: Parameters<typeof decode>[0], value: unknown): unknown {
  const decoded = decode(schema, bytes(JSON.stringify(value)), 1_000_000);
  return decoded.ok ? decoded.value : decoded.error;
}

/** One session, its numbered notifications, and nothing of the services. */
class Conversation {
  revision = 0;
  #session = unopened;
  readonly #told = new Map<string, number>();
  readonly #bulletins: { readonly node: string; readonly notifications: readonly object[] }[] = [];

  constructor(private readonly now: number) {}

  say(subject: CommandSubject, body: Uint8Array): object {
    const decoded = decode(requestSchemas[subject.verb], body, requestBytesMax);
    if (!decoded.ok) throw new Error(`${subject.verb}: ${decoded.error.field}`);
    const command = this.#command(subject, decoded.value);
    const { session } = subject;
    const { commandId } = decoded.value;
    const decision = decide(command, this.#session);
    const revision = this.revision;
    if (!decision.ok) {
      const { code, rule, facts = null } = decision.error;
      const message = refusalMessage(decision.error);
      const basedOn = { revision, decisions: 0 };
      const refusal = { code, number: WSA[code], rule, retry: retryClass(code), basedOn, facts };
      return { v: 1, ok: false, session, commandId, ...refusal, message };
    }
    const { rule, events } = decision.value;
    this.revision += 1;
    const told: Notification[] = [];
    for (const event of events) {
      told.push(...notify(this.#session, event));
      this.#session = evolve(this.#session, event);
    }
    for (const [index, notification] of told.entries()) this.#tell(session, notification, index);
    const said = answer(command, events);
    return { v: 1, ok: true, session, commandId, revision: this.revision, rule, answer: said };
  }

  bulletinFor(node: string): object {
    const at = this.#bulletins.findIndex((bulletin) => bulletin.node === node);
    const [bulletin] = this.#bulletins.splice(at, at < 0 ? 0 : 1);
    if (bulletin === undefined) throw new Error(`${node} was told nothing`);
    const first = (this.#told.get(node) ?? 0) + 1;
    this.#told.set(node, first + bulletin.notifications.length - 1);
    return { v: 1, first, sequence: this.revision, ...bulletin };
  }

  untold(): readonly object[] {
    return this.#bulletins;
  }

  #tell(session: string, { to, ...rest }: Notification, index: number): void {
    const node = to.includes('/') ? socketParts(to as SocketId).node : to.split(':')[0];
    const id = `${session}.${this.revision}.${index}`;
    const notification = { id, session, revision: this.revision, to, ...rest };
    this.#bulletins.push({ node: node ?? '', notifications: [notification] });
  }

  #command(subject: CommandSubject, body: object): SessionCommand {
    const { node, verb, session: address } = subject;
    const { incarnation } = body as { readonly incarnation: string };
    const mine = (serial: string): SocketId => socketId({ node, incarnation, serial });
    const mineOrNone = (serial: string | null) => (serial === null ? null : mine(serial));
    switch (verb) {
      case 'open': {
        const { socket, data, policy } = body as RequestOf<'open'>;
        const root = mineOrNone(socket);
        const control = root === null ? 'nonrooted' : 'rooted';
        const whole = { ...winsockPolicy, ...policy };
        return { type: 'OpenSession', address, root, control, data, policy: whole };
      }
      case 'listen': {
        const { socket, backlog } = body as RequestOf<'listen'>;
        return { type: 'Listen', root: mine(socket), backlog };
      }
      case 'join':
        return this.#join(body as RequestOf<'join'>, mine);
      case 'accept': {
        const { join: id, socket, accepted, calleeData } = body as RequestOf<'accept'>;
        const sockets = { acceptor: mine(socket), accepted: mineOrNone(accepted) };
        return { type: 'AcceptJoin', join: id, ...sockets, calleeData };
      }
      case 'close':
        return { type: 'CloseSocket', socket: mine((body as RequestOf<'close'>).socket ?? '') };
      case 'policy':
      case 'reject':
      case 'defer':
      case 'shutdown':
      case 'resolve':
        throw new Error(`the example says ${verb}: teach this test what that means`);
    }
  }

  #join(body: RequestOf<'join'>, mine: (serial: string) => SocketId): SessionCommand {
    const { flags, callerData, deadlineMs } = body;
    const caller = mine(body.socket);
    const base = { caller, flags, callerData, deadlineMs, now: this.now };
    return body.as === 'leaf'
      ? { type: 'RequestJoin', ...base, leafAddress: body.local }
      : {
          type: 'InviteLeaf',
          ...base,
          leafAddress: body.leaf,
          link: mine(body.link),
          leafNode: 'up',
        };
  }
}
