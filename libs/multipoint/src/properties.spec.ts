import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SessionCommand } from './command.js';
import { decide } from './decide.js';
import { drawCommand, drawEvent, type Chance } from './draw.js';
import type { JoinId, SessionEvent } from './event.js';
import { evolve } from './evolve.js';
import { notify } from './notify.js';
import { outstanding, unopened, type Member, type OpenSession, type Session } from './session.js';
import type { SocketId } from './socket-id.js';

// A run is a tape of numbers that is spent on choices. A failure prints seed and path; the same run
// comes back with JOINLEAF_SEED=<seed>.
const bounds = { interruptAfterTimeLimit: 120_000, markInterruptAsFailure: true };
const tape = (lengthMax: number) =>
  fc.noBias(fc.array(fc.nat(0xffff), { minLength: 20, maxLength: lengthMax, size: 'max' }));

const known = new Set(
  readFileSync(joinPath(import.meta.dirname, '../../../docs/SPEC.md'), 'utf8').match(
    /\b[REAH]\d+\b/g,
  ),
);

describe('a session under commands by chance', () => {
  it('[R49] [R64] [A4] [R125] [R126] [R127] [R129] [R147] [H3] [H4] [H5] [H19] [H21] keeps every promise after every step', () => {
    fc.assert(
      fc.property(tape(900), (numbers) => {
        const life = new Life();
        spend(numbers, (chance) => {
          life.step(drawCommand(chance, life.session));
        });
      }),
      { numRuns: 250, ...bounds },
    );
  });

  it('[H9] decides the same twice, under a rule of the specification, and changes no input', () => {
    fc.assert(
      fc.property(tape(500), (numbers) => {
        let session: Session = unopened;
        spend(numbers, (chance) => {
          const command = freeze(drawCommand(chance, session));
          const before = picture(session);
          const decision = freeze(decide(command, freeze(session)));
          expect(decide(structuredClone(command), session)).toEqual(decision);
          expect(known).toContain(decision.ok ? decision.value.rule : decision.error.rule);
          const after = decision.ok ? decision.value.events.reduce(evolve, session) : session;
          expect(picture(session)).toBe(before);
          session = after;
        });
      }),
      { numRuns: 60, ...bounds },
    );
  });
});

describe('the fold', () => {
  it('takes any event in any state, and so do the others', () => {
    fc.assert(
      fc.property(tape(400), (numbers) => {
        let session: Session = unopened;
        spend(numbers, (chance) => {
          const event = freeze(drawEvent(chance));
          const before = picture(session);
          notify(freeze(session), event);
          decide(drawCommand(chance, session), session);
          const after = evolve(session, event);
          expect(picture(evolve(session, event))).toBe(picture(after));
          expect(picture(session)).toBe(before);
          session = after;
        });
      }),
      { numRuns: 120, ...bounds },
    );
  });

  it('is the same from any point of a history', () => {
    fc.assert(
      fc.property(tape(400), fc.nat(), (numbers, cut) => {
        const events = historyOf(numbers);
        const at = cut % (events.length + 1);
        const half = events.slice(0, at).reduce(evolve, unopened);
        expect(picture(events.slice(at).reduce(evolve, half))).toBe(
          picture(events.reduce(evolve, unopened)),
        );
      }),
      { numRuns: 40, ...bounds },
    );
  });
});

interface Course {
  readonly kind: 'invitation' | 'request' | 'group';
  readonly caller: SocketId;
  end: 'admitted' | 'failed' | 'cancelled' | null;
  told: number;
}

interface Stay {
  member: Member;
  readonly closed: Set<SocketId>;
}

/** Follows one session, keeps its own books about joins and memberships, and compares them. */
class Life {
  session: Session = unopened;
  readonly #joins = new Map<JoinId, Course>();
  readonly #stays: Stay[] = [];

  step(command: SessionCommand): void {
    const decision = decide(command, this.session);
    if (!decision.ok) expect(decision.error.code).not.toBe('WSAEWOULDBLOCK');
    if (!decision.ok) return;
    const membersBefore = membersOf(this.session).length;
    for (const event of decision.value.events) {
      const told = notify(this.session, event);
      const after = evolve(this.session, event);
      this.#book(event, after);
      this.#hear(told);
      this.session = after;
    }
    this.#checkJoins();
    if (this.session.phase !== 'open') return;
    checkIndexes(this.session);
    checkParts(this.session);
    checkVacancy(this.session);
    const { capacity } = this.session.policy;
    const members = this.session.members.size;
    expect(members <= Math.max(membersBefore, capacity ?? members)).toBe(true);
    if (this.session.control === 'rooted' && this.session.backlog !== null) {
      expect(this.session.requests.size).toBeLessThanOrEqual(this.session.backlog);
    }
  }

  #book(event: SessionEvent, after: Session): void {
    if (event.type === 'JoinRequested') {
      const { join, kind, caller } = event;
      expect(this.#joins.has(join)).toBe(false);
      this.#joins.set(join, { kind, caller, end: null, told: 0 });
    }
    if (event.type === 'LeafAdmitted') {
      this.#end(event.join, 'admitted');
      const member = after.phase === 'open' ? after.members.get(event.leaf) : undefined;
      expect(member).toMatchObject({ leaf: event.leaf, link: event.link, join: event.join });
      if (member !== undefined) this.#stays.push({ member, closed: new Set() });
      checkWelcome(after, event.leaf);
    }
    if (event.type === 'RootReplaced') this.#relink(after);
    if (event.type === 'JoinFailed') this.#end(event.join, 'failed');
    if (event.type === 'JoinCancelled') this.#end(event.join, 'cancelled');
  }

  // Another root, and another link for everybody.
  #relink(after: Session): void {
    for (const member of membersOf(after)) {
      const stay = this.#stays.findLast((one) => one.member.leaf === member.leaf);
      if (stay !== undefined) stay.member = member;
    }
  }

  #end(join: JoinId, end: Course['end']): void {
    const course = this.#joins.get(join);
    expect(course?.end).toBeNull();
    if (course !== undefined) course.end = end;
  }

  #hear(told: ReturnType<typeof notify>): void {
    for (const notification of told) {
      if (notification.kind === 'FD_CONNECT') {
        expect([null, 'WSAECONNREFUSED', 'WSAETIMEDOUT']).toContain(notification.code);
        const course = this.#joins.get(notification.join);
        expect(course).toMatchObject({ caller: notification.to, told: 0 });
        if (course !== undefined) course.told += 1;
      }
      if (notification.kind === 'FD_ACCEPT') {
        expect(this.#joins.get(notification.join)?.kind).not.toBe('group');
      }
      if (notification.kind === 'FD_CLOSE') {
        expect([null, 'WSAECONNRESET', 'WSAECONNABORTED']).toContain(notification.code);
        this.#hearClose(notification.to);
      }
    }
  }

  // At most once for each end of a membership, and never before its success.
  #hearClose(to: SocketId): void {
    const stay = this.#stays.findLast(({ member }) => member.leaf === to || member.link === to);
    expect(stay?.closed.has(to)).toBe(false);
    stay?.closed.add(to);
  }

  #checkJoins(): void {
    const waiting = this.session.phase === 'open' ? outstanding(this.session) : [];
    const open = [...this.#joins].filter(([, { end }]) => end === null);
    expect(waiting.map(({ id }) => id).sort()).toEqual(open.map(([id]) => id).sort());
    expect(waiting.filter(({ kind }) => kind === 'invitation').length).toBeLessThanOrEqual(1);
    const toldWrongly = [...this.#joins].filter(
      ([, { end, told }]) => told !== (end === 'admitted' || end === 'failed' ? 1 : 0),
    );
    expect(toldWrongly).toEqual([]);
  }
}

// Whoever was just admitted fits the policy that is in force.
function checkWelcome(session: Session, leaf: SocketId): void {
  if (session.phase !== 'open') throw new Error('admitted to a session that is not open');
  const { identity, allow, deny } = session.policy;
  const address = session.members.get(leaf)?.address ?? '';
  const node = address.slice(0, address.indexOf(':'));
  const sameEndpoint = membersOf(session).filter((member) => member.address === address);
  expect(sameEndpoint.length).toBeLessThanOrEqual(identity.kind === 'allow' ? identity.max : 1);
  expect(deny).not.toContain(node);
  if (allow !== null) expect(allow).toContain(node);
}

function checkIndexes(session: OpenSession): void {
  const members = membersOf(session);
  const byLink = members.flatMap(({ leaf, link }) => (link === null ? [] : [[link, leaf]]));
  expect(new Map(session.leafByLink)).toEqual(new Map(byLink as [string, SocketId][]));
  const addresses = Map.groupBy(members, ({ address }) => address);
  expect(new Map(session.leavesByAddress)).toEqual(
    new Map([...addresses].map(([address, at]) => [address, at.map(({ leaf }) => leaf)])),
  );
  const callers = [...session.requests].map(([id, { caller }]) => [caller, id] as const);
  expect(new Map(session.requestsByCaller)).toEqual(new Map(callers));
}

// No socket plays two parts, so a link has one leaf, and a leaf one link.
function checkParts(session: OpenSession): void {
  const links = [session.invitation?.link, ...session.leafByLink.keys()];
  const parts = [
    session.root,
    ...links,
    ...session.members.keys(),
    ...session.requestsByCaller.keys(),
  ];
  const sockets = parts.filter((part) => part !== null && part !== undefined);
  expect(sockets).toHaveLength(new Set(sockets).size);
}

// Nobody answers or is heard where there is no root, and the heir is the one who has been there longest.
function checkVacancy(session: OpenSession): void {
  const { vacancy, root, backlog, invitation, leafByLink, control } = session;
  const hasNoRoot = control === 'rooted' && root === null;
  if ((vacancy !== null) !== hasNoRoot) throw new Error('a session without a root waits for one');
  if (vacancy === null) return;
  expect({ backlog, invitation, links: leafByLink.size }).toEqual({
    ...{ backlog: null, invitation: null, links: 0 },
  });
  if (vacancy.heir !== null) expect(vacancy.heir).toBe(membersOf(session)[0]?.leaf);
}

const membersOf = (session: Session): readonly Member[] =>
  session.phase === 'open' ? [...session.members.values()] : [];

function spend(numbers: readonly number[], use: (chance: Chance) => void): void {
  let spent = 0;
  const chance: Chance = (max) => (numbers[spent++] ?? 0) % (max + 1);
  while (spent < numbers.length) use(chance);
}

function historyOf(numbers: readonly number[]): readonly SessionEvent[] {
  const history: SessionEvent[] = [];
  let session: Session = unopened;
  spend(numbers, (chance) => {
    const decision = decide(drawCommand(chance, session), session);
    if (!decision.ok) return;
    history.push(...decision.value.events);
    session = decision.value.events.reduce(evolve, session);
  });
  return history;
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
  return value;
}

/** Everything about a session, as text. */
const picture = (session: Session): string =>
  JSON.stringify(session, (_, value: unknown) =>
    typeof value === 'object' && value !== null && Symbol.iterator in value && !Array.isArray(value)
      ? [...(value as Iterable<unknown>)]
      : value,
  );
