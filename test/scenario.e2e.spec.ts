import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Invitation, JoinRequest, Leaf, Link, Listener, Root } from '@joinleaf/client';
import { redecide } from '@joinleaf/replay';
import { Actor } from './deployment/actor.js';
import { checkHistory } from './deployment/check-history.js';
import { startDeployment, type Deployment } from './deployment/deployment.js';
import { eventually, nextOf, within } from './deployment/eventually.js';
import { Journal } from './deployment/journal.js';
import { commitsOf, refusalsOf, sessionsIn } from './deployment/records.js';

// A session's whole life over real processes, as a program with the client sees it.

const journal = new Journal();

let deployment: Deployment;
let ada: Actor;
let bob: Actor;
let carol: Actor;

beforeAll(async () => {
  deployment = await startDeployment();
  const enter = (node: string) => Actor.enter(deployment, journal, node);
  [ada, bob, carol] = await Promise.all([enter('ada'), enter('bob'), enter('carol')]);
}, 60_000);

afterAll(async () => {
  await deployment.stop();
});

let rooms = 0;
let session: string;
beforeEach(() => {
  rooms += 1;
  session = `conf-${String(rooms)}`;
});

const bytes = (text: string) => new TextEncoder().encode(text);
const graceful = { code: null, by: 'peer' };

const knock = (root: Root): Promise<JoinRequest> => nextOf('somebody knocks', root.requests());
const invitationTo = (listener: Listener): Promise<Invitation> =>
  nextOf('an invitation', listener.invitations());
const over = (member: Leaf | Link) => within('it is over', member.over);

/** What the log says of a refused call: the same basis, code and rule as the caller was told. */
async function recorded(refused: { readonly commandId: string | null }) {
  return eventually('the refusal is on record', async () =>
    (await deployment.refusalsOf(session)).find(({ commandId }) => commandId === refused.commandId),
  );
}

/** Bob asks and Ada lets him in. */
async function admitted(root: Root): Promise<{ readonly leaf: Leaf; readonly link: Link }> {
  const asking = bob.ask(session);
  const request = await knock(root);
  const accepted = await request.accept();
  const outcome = await asking;
  if (!accepted.ok || !outcome?.ok) throw new Error('Bob was not let in');
  ada.watch(accepted.link);
  return { leaf: outcome.leaf, link: accepted.link };
}

describe('a leaf asks', () => {
  it('[R35] [R37] [R38] knocks, is let in, and both hear of it with what the other had to say', async () => {
    const root = await ada.openRoot(session);
    const asking = bob.ask(session, { flags: 'receiver-only' });
    const request = await knock(root);
    expect(request).toMatchObject({ session, flags: 'receiver-only', expired: false });
    expect(request.from).toMatch(/^bob:\d+$/);
    expect(request.callerData).not.toBeNull();

    const accepted = await request.accept({ calleeData: 'come in' });
    const outcome = await asking;
    expect(outcome).toMatchObject({ ok: true, join: request.join, calleeData: bytes('come in') });
    expect(accepted).toMatchObject({ ok: true, join: request.join });
    if (!accepted.ok || !outcome?.ok) return;
    expect(accepted.link.leaf).toBe(outcome.leaf.address);
    expect(root.links.map(({ socket }) => socket)).toEqual([accepted.link.socket]);
    await ada.close(root);
  });

  it('[R82] is turned away', async () => {
    const root = await ada.openRoot(session);
    const asking = bob.ask(session);
    expect(await (await knock(root)).reject()).toEqual({ ok: true });
    expect(await asking).toMatchObject({ ok: false, code: 'WSAECONNREFUSED', number: 10_061 });
    await ada.close(root);
  });

  it('[R83] waits while it is put off, and is let in later', async () => {
    const root = await ada.openRoot(session);
    const asking = bob.ask(session);
    const request = await knock(root);
    expect(await request.defer()).toEqual({ ok: true });
    expect(await request.accept()).toMatchObject({ ok: true });
    expect(await asking).toMatchObject({ ok: true });
    await ada.close(root);
  });

  it('[R35] is refused where nobody is, and the refusal is on record', async () => {
    const outcome = await bob.ask(session);
    expect(outcome).toMatchObject({ ok: false, code: 'WSAECONNREFUSED', rule: 'R35', join: null });
    if (outcome === null || outcome.ok) return;
    expect(outcome.basedOn).toEqual({ revision: 0, decisions: 0 });
    expect(await recorded(outcome)).toMatchObject({
      code: outcome.code,
      rule: outcome.rule,
      basedOn: outcome.basedOn,
    });
  });

  it('[R59] [H4] is refused twice at one endpoint, and by name', async () => {
    const root = await ada.openRoot(session, { admit: 'auto', deny: ['carol'] });
    expect(await bob.ask(session, { port: 7 })).toMatchObject({ ok: true });
    expect(await carol.ask(session)).toMatchObject({
      ok: false,
      code: 'WSAECONNREFUSED',
      rule: 'H4',
    });
    await root.setPolicy({ deny: ['bob'] });
    expect(await carol.ask(session)).toMatchObject({ ok: true });
    await ada.close(root);
  });

  it('[R146] takes its request back', async () => {
    const root = await ada.openRoot(session);
    const join = await bob.jl.startJoin(session);
    const request = await knock(root);
    await join.cancel();
    expect(await within('the join is over', join.connected)).toMatchObject({ ok: false });
    await eventually('the request is withdrawn', () => request.expired);
    expect(await request.accept()).toMatchObject({ ok: false, code: 'WSAEACCES', rule: 'R87' });
    await ada.close(root);
  });

  it('[E16] hears WSAETIMEDOUT when nobody answers', async () => {
    const root = await ada.openRoot(session, { joinDeadlineMs: 300 });
    const outcome = await bob.ask(session);
    expect(outcome).toMatchObject({ ok: false, code: 'WSAETIMEDOUT', number: 10_060, join: 'J1' });
    await ada.close(root);
  });
});

describe('a root invites', () => {
  it('[R30] [R31] [R34] and the leaf agrees', async () => {
    const root = await ada.openRoot(session, { backlog: null });
    const listener = bob.jl.listen(1);
    const join = await ada.invite(root, 'bob:1');
    const invitation = await invitationTo(listener);
    expect(invitation).toMatchObject({ session, from: root.socket });
    const accepted = await invitation.accept({ calleeData: 'gladly' });
    if (accepted.ok) bob.watch(accepted.leaf);
    expect(accepted).toMatchObject({ ok: true });
    const outcome = await join?.connected;
    expect(outcome).toMatchObject({ ok: true, calleeData: bytes('gladly') });
    if (outcome?.ok) expect(root.links).toContain(outcome.link);
    await ada.close(root);
    await listener.close();
  });

  it('[R50] [R51] one leaf at a time: the second call does nothing to the first', async () => {
    const root = await ada.openRoot(session);
    const listener = bob.jl.listen(2);
    const first = await ada.invite(root, 'bob:2');
    expect(await ada.inviteAndWait(root, 'carol:2')).toMatchObject({
      ...{ ok: false, code: 'WSAEALREADY', number: 10_037, rule: 'R50', join: null, session },
      facts: { outstanding: first?.id },
    });
    const accepted = await (await invitationTo(listener)).accept();
    if (accepted.ok) bob.watch(accepted.leaf);
    expect(await first?.connected).toMatchObject({ ok: true });
    expect(await ada.inviteAndWait(root, 'carol:2')).toMatchObject({ code: 'WSAECONNREFUSED' });
    await ada.close(root);
    await listener.close();
  });

  it('[R59] not where it has a member already, and the refusal is on record with its basis', async () => {
    const root = await ada.openRoot(session);
    const listener = bob.jl.listen(6);
    const first = await ada.invite(root, 'bob:6');
    const accepted = await (await invitationTo(listener)).accept();
    if (accepted.ok) bob.watch(accepted.leaf);
    expect(await first?.connected).toMatchObject({ ok: true });
    const refused = await ada.inviteAndWait(root, 'bob:6');
    expect(refused).toMatchObject({ ok: false, code: 'WSAEISCONN', rule: 'R59', join: null });
    if (refused === null || refused.ok) throw new Error('it was not refused');
    const head = (await deployment.commitsOf(session)).at(-1)?.revision;
    expect(refused.basedOn).toEqual({ revision: head, decisions: 0 });
    const { code, rule, basedOn, facts } = refused;
    expect(await recorded(refused)).toMatchObject({ code, rule, basedOn, facts });
    await ada.close(root);
    await listener.close();
  });

  it('[R145] and calls it off, and may invite again at once', async () => {
    const root = await ada.openRoot(session);
    const listener = bob.jl.listen(3);
    const first = await ada.invite(root, 'bob:3');
    const invitation = await invitationTo(listener);
    await first?.cancel();
    expect(await first?.connected).toMatchObject({ ok: false, code: 'WSAEINTR', rule: 'R145' });
    const second = await ada.invite(root, 'bob:3');
    expect(await invitation.accept()).toMatchObject({ ok: false, code: 'WSAEACCES', rule: 'R87' });
    expect(await (await invitationTo(listener)).reject()).toEqual({ ok: true });
    expect(await second?.connected).toMatchObject({ ok: false, code: 'WSAECONNREFUSED' });
    await ada.close(root);
    await listener.close();
  });

  it('[E16] and hears WSAETIMEDOUT by the deadline', async () => {
    const root = await ada.openRoot(session);
    const listener = bob.jl.listen(4);
    const join = await ada.invite(root, 'bob:4', { deadlineMs: 300 });
    const invitation = await invitationTo(listener);
    await invitation.defer();
    expect(await join?.connected).toMatchObject({ ok: false, code: 'WSAETIMEDOUT', join: 'J1' });
    await eventually('the invitation is withdrawn', () => invitation.expired);
    await ada.close(root);
    await listener.close();
  });

  it('[R26] [E11] where nobody listens, and where nobody is', async () => {
    const root = await ada.openRoot(session);
    expect(await ada.inviteAndWait(root, 'bob:5')).toMatchObject({
      ok: false,
      code: 'WSAECONNREFUSED',
    });
    expect(await ada.inviteAndWait(root, 'nobody:1')).toMatchObject({
      ...{ ok: false, code: 'WSAENETUNREACH', number: 10_051, rule: 'E11', join: null },
    });
    await ada.close(root);
  });
});

describe('an end', () => {
  it('[R136] a leaf leaves, and its link hears FD_CLOSE', async () => {
    const root = await ada.openRoot(session);
    const { leaf, link } = await admitted(root);
    await bob.close(leaf);
    expect(await over(link)).toEqual(graceful);
    expect(root.links).toEqual([]);
    expect(await over(leaf)).toEqual({ code: null, by: 'self' });
    await ada.close(root);
  });

  it('[R137] a link is closed, and its leaf hears FD_CLOSE', async () => {
    const root = await ada.openRoot(session);
    const { leaf, link } = await admitted(root);
    await ada.close(link);
    expect(await over(leaf)).toEqual(graceful);
    // The place is free again.
    const { leaf: again } = await admitted(root);
    expect(again.isOpen).toBe(true);
    await ada.close(root);
  });

  it('[R131] [R139] the root is closed: everybody hears, and who waits is refused', async () => {
    const root = await ada.openRoot(session);
    const { leaf } = await admitted(root);
    const waiting = carol.ask(session);
    await knock(root);
    await ada.close(root);
    expect(await over(leaf)).toEqual(graceful);
    expect(await waiting).toMatchObject({ ok: false, code: 'WSAECONNREFUSED' });
    expect(await bob.ask(session)).toMatchObject({ ok: false, rule: 'R35' });
  });

  it('[R132] the root is shut down, and its address is held until it is closed', async () => {
    const root = await ada.openRoot(session);
    const { leaf } = await admitted(root);
    await root.shutdown();
    expect(await over(leaf)).toEqual(graceful);
    await expect(carol.openRoot(session)).rejects.toMatchObject({ code: 'WSAEADDRINUSE' });
    await ada.close(root);
    const second = await carol.openRoot(session);
    expect(second.incarnation).toBe(2);
    await carol.close(second);
  });

  it('[R135] the root is lost with its node: every leaf hears WSAECONNABORTED', async () => {
    const dave = await deployment.connectRaw('dave');
    await dave.start({ boundMs: 1_000 });
    await dave.ask(session, 'open', { socket: '1', policy: { admit: 'auto' } });
    await dave.ask(session, 'listen', { socket: '1', backlog: 5 });
    const outcome = await bob.ask(session);
    await dave.close(); // Without a word: its silence has to be noticed.
    if (!outcome?.ok) throw new Error('Bob was not let in');
    expect(await over(outcome.leaf)).toEqual({ code: 'WSAECONNABORTED', by: 'peer' });
  });
});

describe('policy auto', () => {
  it('[H2] [H5] admits at once until the places are taken, and the root learns of each', async () => {
    const root = await ada.openRoot(session, { admit: 'auto', capacity: 2 });
    const outcomes = [await bob.ask(session), await carol.ask(session), await bob.ask(session)];
    expect(outcomes).toMatchObject([
      { ok: true },
      { ok: true },
      {
        ok: false,
        code: 'WSAENOBUFS',
        number: 10_055,
        rule: 'H5',
        facts: { capacity: 2, members: 2 },
      },
    ]);
    await eventually('two links', () => root.links.length === 2);
    for (const link of root.links) ada.watch(link);
    const [first] = outcomes;
    if (first?.ok) await bob.close(first.leaf);
    await eventually('one link', () => root.links.length === 1);
    expect(await bob.ask(session)).toMatchObject({ ok: true });
    await ada.close(root);
  });
});

describe('a group', () => {
  it('[R43] [R44] [R48] takes everybody at once, and nobody is told who comes and goes', async () => {
    const group = await ada.jl.openGroup('@news');
    await ada.jl.openGroup('@news'); // [R42] Once more changes nothing.
    const [first, second] = [await bob.ask('@news'), await carol.ask('@news')];
    if (!first?.ok || !second?.ok) throw new Error('they were not let in');
    await bob.close(first.leaf);
    expect(second.leaf.isOpen).toBe(true);
    await group.close();
    expect(await over(second.leaf)).toEqual(graceful);
    expect(await bob.ask('@news')).toMatchObject({ ok: false, code: 'WSAECONNREFUSED' });
  });
});

describe('afterwards', () => {
  it('nothing that anybody was told is contradicted by what is on record', async () => {
    await Promise.all([ada, bob, carol].map(({ jl }) => jl.close()));
    await checkHistory(deployment, { journal });
  }, 60_000);

  it('every decision and every refusal comes out the same when it is made again', async () => {
    const records = await deployment.records();
    for (const each of sessionsIn(records)) {
      const replay = redecide({
        session: each,
        commits: commitsOf(records, each),
        refusals: refusalsOf(records, each),
      });
      expect(replay).toMatchObject({ diverged: 0, damage: null });
      expect(replay.counts.same).toBe(replay.decisions + replay.refusals);
    }
  });
});
