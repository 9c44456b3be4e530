import {
  damageAfter,
  emptyHead,
  foldDecisions,
  headOf,
  type AppendOutcome,
  type ChainedCommit,
  type Decided,
  type EventLog,
  type Head,
} from '@joinleaf/event-log';
import {
  unopened,
  type Refusal,
  type Session,
  type SessionAddress,
  type SessionCommand,
} from '@joinleaf/multipoint';
import {
  decideBatch,
  recalled,
  type Asked,
  type BatchPlan,
  type Refused,
  type Remembered,
  type Verdict,
} from './decide-batch.js';
import { DecidedIds } from './decided-ids.js';
import { issuerOf } from './issuer.js';
import { damaged, isDamage, notKept, outOfReach } from './obstacles.js';
import type { RefusalSink, ReportBug, World } from './ports.js';
import { ToldBefore } from './told-before.js';

// One session's commands are decided here one batch after the other, and a batch is one append: however
// many ask at once, at most one append of this session is under way, and a reply leaves when what it
// says is stored. There is one mailbox for every session in memory, and nearly all of them wait for nothing: what an idle
// one does not need, it does not have.

export interface MailboxOptions {
  /** The arbiter's name, for the record. */
  readonly arbiter: string;
  /** The version of the law, for the record. */
  readonly decider: string;
  /** Decisions in one commit at most. */
  readonly batchMax: number;
  /** Commands that may wait at once; more are turned away. */
  readonly queueMax: number;
  /** Tries against other writers before the log counts as out of reach. */
  readonly attemptsMax: number;
  readonly appendDeadlineMs: number;
}

export interface MailboxParts {
  readonly log: EventLog;
  readonly refusals: RefusalSink;
  readonly world: World;
  readonly reportBug: ReportBug;
  /** Told of every commit that a mailbox folds, in the order of its session. */
  readonly folded: (commit: ChainedCommit) => void;
}

/** What becomes of a command. */
export type Outcome =
  | Verdict
  /** Definitely not recorded, and never decided: overload (H13), damage (H14), no log (E2). */
  | { readonly kind: 'turned-away'; readonly refusal: Refusal }
  /** What was decided may or may not be stored (H12). */
  | { readonly kind: 'unknown' };

interface Letter extends Asked {
  readonly settle: (outcome: Outcome) => void;
}

const nobody: ReadonlySet<string> = new Set();
const nothingOnRecord: ReadonlyMap<string, Remembered> = new Map();

export class SessionMailbox {
  /** Whether somebody has asked or told it something since its arbiter looked last. */
  wasUsed = true;
  #queue: Letter[] | null = null;
  readonly #decided = new DecidedIds();
  /** What is on record already of the commands that are being decided. */
  #onRecord = nothingOnRecord;
  /** Commands that an append without an answer may still record. */
  #inDoubt = nobody;
  /** Commits of somebody else, or of our own append before its answer, that came while this mailbox was at work. */
  #heardMeanwhile: readonly ChainedCommit[] | null = null;
  #state: Session = unopened;
  #head: Head = emptyHead;
  #loaded = false;
  #damage: string | null = null;
  #working: Promise<void> | null = null;

  constructor(
    readonly session: SessionAddress,
    private readonly parts: MailboxParts,
    private readonly options: MailboxOptions,
    private readonly told = new ToldBefore(parts.log),
  ) {}

  /** Whether it can be forgotten: what it knows is in the log. */
  get idle(): boolean {
    return this.#working === null && this.#inDoubt.size === 0;
  }

  /** The revision that this mailbox has folded. */
  get revision(): number {
    return this.#head.revision;
  }

  /** Waits until every command taken so far has its outcome. */
  async settled(): Promise<void> {
    while (this.#working !== null) await this.#working;
  }

  /** Decides a command, and resolves once the outcome is stored (or known not to be). Never rejects. */
  submit(asked: Asked): Promise<Outcome> {
    const waiting = this.#queue?.length ?? 0;
    if (waiting >= this.options.queueMax) {
      const facts = { waiting };
      return Promise.resolve({
        kind: 'turned-away',
        refusal: { code: 'WSAENOBUFS', rule: 'H13', facts },
      });
    }
    return new Promise((settle) => {
      const isRepeat = asked.isRepeat === true || this.#inDoubt.has(asked.commandId);
      (this.#queue ??= []).push({ ...asked, isRepeat, settle });
      this.#working ??= this.#work();
    });
  }

  /**
   * What the log says that a command was told; null when it does not know it, or when another node asked it: an id is no key
   * to somebody else's outcome.
   */
  async recall(commandId: string, node: string): Promise<Verdict | null> {
    while (this.#working !== null) await this.#working;
    const reading = this.#readToEnd().then(() => this.#lookUp([commandId]));
    // Commands that come meanwhile wait: two readers would fold the same commits twice.
    this.#working = reading.then(
      () => this.#work(),
      () => this.#work(),
    );
    const remembered = (await reading).get(commandId);
    if (remembered === undefined || !isIssuedBy(node, remembered.decided.command)) return null;
    return recalled(remembered);
  }

  /** Takes in a commit that was read from the log, when it is the next one. */
  hear(commit: ChainedCommit): void {
    if (this.#working === null) {
      this.#hearNow(commit);
      return;
    }
    const { revision } = this.#head;
    const before = this.#heardMeanwhile?.filter((each) => each.revision > revision) ?? [];
    this.#heardMeanwhile = [...before, commit];
  }

  #hearNow(commit: ChainedCommit): void {
    if (commit.revision !== this.#head.revision + 1 || this.#damage !== null) return;
    // Whoever heard the first commit has nothing to read: if there is more by now, the next append says so.
    if (commit.revision === 1) this.#loaded = true;
    this.#fold(commit);
  }

  async #work(): Promise<void> {
    await Promise.resolve(); // Who arrived in the same read of the socket is decided in the same batch.
    while (this.#queue !== null) {
      const batch = this.#queue.splice(0, this.options.batchMax);
      if (this.#queue.length === 0) this.#queue = null;
      try {
        await this.#decide(batch);
      } catch (cause) {
        this.#stumbled(batch, cause);
      }
    }
    this.#working = null;
    this.#onRecord = nothingOnRecord;
    const heard = this.#heardMeanwhile ?? [];
    this.#heardMeanwhile = null;
    for (const commit of heard) this.hear(commit);
  }

  async #decide(batch: readonly Letter[]): Promise<void> {
    const { attemptsMax } = this.options;
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const obstacle = await this.#ready(batch);
      if (obstacle !== null) {
        turnAway(batch, obstacle);
        return;
      }
      const plan = this.#plan(batch);
      if (plan.decisions.length === 0) {
        if (!plan.onlyRecalled && (await this.#isStale())) continue;
        this.#settle(batch, plan.verdicts);
        return;
      }
      const outcome = await this.#append(plan.decisions);
      if (outcome.kind === 'refused' && outcome.reason === 'too-large' && batch.length > 1) {
        await this.#decideInHalves(batch);
        return;
      }
      if (this.#finished(batch, plan, outcome)) return;
      await this.parts.world.sleep(this.parts.world.random() * 5 * attempt);
    }
    turnAway(batch, { code: 'WSAENETDOWN', rule: 'E2', facts: { attempts: attemptsMax } });
  }

  async #decideInHalves(batch: readonly Letter[]): Promise<void> {
    const half = Math.ceil(batch.length / 2);
    await this.#decide(batch.slice(0, half));
    await this.#decide(batch.slice(half));
  }

  // A log that lost or changed what was stored stops its session; anything else is a bug of ours.
  #stumbled(batch: readonly Letter[], cause: unknown): void {
    this.#loaded = false;
    if (isDamage(cause)) {
      this.#damage ??= cause.message;
      turnAway(batch, damaged(this.#damage));
      return;
    }
    this.parts.reportBug('a batch could not be decided', cause);
    this.#doubt(batch);
    for (const letter of batch) letter.settle({ kind: 'unknown' });
  }

  #doubt(batch: readonly Letter[]): void {
    this.#inDoubt = new Set([...this.#inDoubt, ...batch.map(({ commandId }) => commandId)]);
  }

  // What stands in the way of deciding, or null.
  async #ready(batch: readonly Letter[]): Promise<Refusal | null> {
    try {
      if (!this.#loaded) await this.#load();
      if (this.#damage === null) {
        this.#onRecord = await this.#lookUp(batch.map(({ commandId }) => commandId));
      }
    } catch (cause) {
      if (isDamage(cause)) throw cause;
      return outOfReach(cause);
    }
    return this.#damage === null ? null : damaged(this.#damage);
  }

  #lookUp(commandIds: readonly string[]): Promise<ReadonlyMap<string, Remembered>> {
    return this.told.decisions(this.session, this.#decided, commandIds);
  }

  #plan(asked: readonly Letter[]): BatchPlan {
    const now = this.parts.world.now();
    const earlier = (id: string) =>
      this.#onRecord.get(id) ?? this.told.refusal(this.session, id, now);
    // A refusal that rests on a read alone is stored while reads may lag: storing proves the state it rests on.
    const careful = this.parts.log.readsMayLag()
      ? asked.map((each) => ({ ...each, isRepeat: true }))
      : asked;
    const { revision } = this.#head;
    return decideBatch({ session: this.#state, revision, asked: careful, earlier });
  }

  #append(decisions: readonly Decided[]): Promise<AppendOutcome> {
    const { arbiter, decider, appendDeadlineMs: deadlineMs } = this.options;
    const { log, world } = this.parts;
    const draft = {
      commitId: world.newId(),
      arbiter,
      decider,
      decidedAt: world.now(),
      decisions,
    };
    return log.append(this.session, this.#head, draft, { deadlineMs });
  }

  // Answers whether the batch is done; a conflict is folded in, and decided again.
  #finished(batch: readonly Letter[], plan: BatchPlan, outcome: AppendOutcome): boolean {
    switch (outcome.kind) {
      case 'ok':
        this.#advance(outcome.commit, plan.after);
        this.#settle(batch, plan.verdicts);
        return true;
      case 'conflict':
        for (const commit of outcome.tail) this.#fold(commit);
        return false;
      case 'refused':
        turnAway(batch, notKept(outcome.reason, plan.decisions.length));
        return true;
      case 'unavailable':
        this.#loaded = false;
        turnAway(batch, outOfReach(outcome.cause));
        return true;
      case 'unknown':
        // The next append for this head settles the matter: at most one of the two is ever stored.
        this.#loaded = false;
        this.#doubt(batch);
        for (const letter of batch) {
          letter.settle({ kind: 'unknown' });
        }
        return true;
    }
  }

  #settle(batch: readonly Letter[], verdicts: readonly Verdict[]): void {
    const now = this.parts.world.now();
    for (const [index, { commandId, settle }] of batch.entries()) {
      const verdict = verdicts[index];
      if (verdict === undefined) continue;
      if (verdict.kind === 'refused') this.#keepRefusal(commandId, verdict, now);
      settle(verdict);
    }
  }

  #keepRefusal(commandId: string, refused: Refused, now: number): void {
    const { session, told } = this;
    if (told.refusal(session, commandId, now) !== undefined) return;
    told.keepRefusal(session, commandId, refused, now);
    const { command, refusal, basedOn } = refused;
    const { arbiter, decider } = this.options;
    this.parts.refusals.record({
      schema: 1,
      session,
      commandId,
      command,
      basedOn,
      code: refusal.code,
      rule: refusal.rule,
      facts: refusal.facts ?? null,
      arbiter,
      decider,
      decidedAt: now,
    });
  }

  // An append proves that its state was the latest; what is answered without one must look. A look
  // that fails counts as stale: the next round says what is in the way.
  async #isStale(): Promise<boolean> {
    const { revision } = this.#head;
    this.#loaded = false;
    const obstacle = await this.#ready([]);
    return obstacle !== null || this.#head.revision > revision;
  }

  // Another arbiter may have decided something since.
  async #readToEnd(): Promise<void> {
    this.#loaded = false;
    await this.#load();
  }

  // A message that was lost on its way looks like damage: what looks damaged is read again, from the beginning.
  async #load(): Promise<void> {
    await this.#foldNew();
    if (this.#damage !== null) {
      this.#forget();
      await this.#foldNew();
    }
    this.#loaded = true;
  }

  async #foldNew(): Promise<void> {
    const afterSequence = this.#head.sequence;
    for await (const commit of this.parts.log.read(this.session, { afterSequence })) {
      this.#fold(commit);
    }
  }

  #forget(): void {
    this.#state = unopened;
    this.#head = emptyHead;
    this.#damage = null;
    this.#decided.clear();
  }

  #fold(commit: ChainedCommit): void {
    const damage = damageAfter(this.#head, commit, this.session);
    if (damage === null) this.#advance(commit, foldDecisions(this.#state, commit.decisions));
    else {
      this.#damage ??= `${damage.kind} at revision ${String(damage.revision)}`;
      this.#loaded = false;
    }
  }

  #advance(commit: ChainedCommit, state: Session): void {
    this.#state = state;
    this.#head = headOf(commit);
    this.told.keep(commit, this.#decided);
    this.#inDoubt = nobody; // Whatever was meant for this place is stored here, or never will be.
    this.parts.folded(commit);
  }
}

function turnAway(batch: readonly Letter[], refusal: Refusal): void {
  for (const letter of batch) letter.settle({ kind: 'turned-away', refusal });
}

// What an operator asked has no issuer, and may be known to everybody.
const isIssuedBy = (node: string, command: SessionCommand): boolean =>
  (issuerOf(command) ?? node) === node;
