/** A bug that somebody could put into the product, as a change of its compiled code. */
export interface Mutant {
  readonly room: 'arbiter' | 'log adapter' | 'notifier' | 'detector' | 'client';
  readonly name: string;
  /** The compiled file, below `libs/`. */
  readonly file: string;
  /** What stands there exactly once, and what stands there instead. */
  readonly find: string;
  readonly instead: string;
}

/** Known bugs: those that such systems have had, and those that the simulation has found in this one. */
export const mutants: readonly Mutant[] = [
  {
    room: 'arbiter',
    name: 'replies before the append is acknowledged',
    file: 'arbiter/dist/session-mailbox.js',
    find: 'const outcome = await this.#append(plan.decisions);',
    instead:
      'this.#settle(batch, plan.verdicts); const outcome = await this.#append(plan.decisions);',
  },
  {
    room: 'arbiter',
    name: 'refuses on the state in its memory, without a look at the log',
    file: 'arbiter/dist/session-mailbox.js',
    find: 'if (!plan.onlyRecalled && (await this.#isStale()))',
    instead: 'if (false)',
  },
  {
    room: 'arbiter',
    name: 'forgets what commands were told',
    file: 'arbiter/dist/decide-batch.js',
    find: 'const before = inBatch.get(commandId) ?? earlier(commandId);',
    instead: 'const before = inBatch.get(commandId);',
  },
  {
    room: 'arbiter',
    name: 'forgets what commands were told that are not at hand any more',
    file: 'arbiter/dist/told-before.js',
    find: 'const decision = kept ?? (await this.#read(session, commandId, sequence));',
    instead: 'const decision = kept;',
  },
  {
    room: 'arbiter',
    name: 'refuses a repetition without putting it on record',
    file: 'arbiter/dist/decide-batch.js',
    find: '            if (isRepeat)\n                keep(settledNo(commandId, refused));',
    instead: '',
  },
  {
    room: 'arbiter',
    name: 'takes an unknown append for a stored one',
    file: 'arbiter/dist/session-mailbox.js',
    find: "letter.settle({ kind: 'unknown' });\n                }\n                return true;",
    instead: '}\n                this.#settle(batch, plan.verdicts);\n                return true;',
  },
  {
    room: 'arbiter',
    name: 'keeps no deadlines',
    file: 'arbiter/dist/housekeeping.js',
    find: 'return earliest === null ? null : Math.max(0, earliest - this.parts.world.now());',
    instead:
      'this.#deadlines = { earliest: null, note: () => undefined, takeDue: () => new Set() }; return null;',
  },
  {
    room: 'log adapter',
    name: 'appends without the expected sequence',
    file: 'jetstream-log/dist/publisher.js',
    find: 'if (afterSequence !== undefined) {',
    instead: 'if (false) {',
  },
  {
    room: 'log adapter',
    name: 'takes a gap in the delivery for damage',
    file: 'jetstream-log/dist/follow-stream.js',
    find: "if (one.kind !== 'gap') {",
    instead: 'if (true) {',
  },
  {
    room: 'notifier',
    name: 'tells again what was told before it started',
    file: 'notification/dist/node-lane.js',
    find: 'if (!wasTold(end, next.place))',
    instead: 'if (true)',
  },
  {
    room: 'notifier',
    name: 'tells a node one thing of each commit',
    file: 'notification/dist/lanes.js',
    find: 'own.map((each)',
    instead: 'own.slice(0, 1).map((each)',
  },
  {
    room: 'detector',
    name: 'gives nobody up',
    file: 'arbiter/dist/node-lives.js',
    find: "return 'lost';",
    instead: "return 'suspected';",
  },
  {
    room: 'detector',
    name: 'is too quick',
    file: 'arbiter/dist/node-lives.js',
    find: 'if (suspicion === null && !isSilent)\n        return null;\n    const grace = graceMs(node);\n    if (silentMs > boundMs + grace)',
    instead: 'const grace = graceMs(node);\n    if (silentMs > boundMs / 5)',
  },
  {
    room: 'detector',
    name: 'does not look for a lost node in sessions that it enters late',
    file: 'arbiter/dist/housekeeping.js',
    find: 'return this.#losses.note(session, run, this.parts.world.monotonicMs());',
    instead: 'return undefined;',
  },
  {
    room: 'client',
    name: 'does not say that it repeats itself',
    file: 'client/dist/asker.js',
    find: 'if (!maybeArrived && question.isCommand)',
    instead: 'if (false)',
  },
  {
    room: 'client',
    name: 'does not notice that a number was left out',
    file: 'client/dist/cursor.js',
    find: 'if (first > cursor.heard + 1) {',
    instead: 'cursor = { ...cursor, heard: Math.max(cursor.heard, first - 1) };\n    if (false) {',
  },
];

/**
 * The code with a bug in it.
 *
 * @throws Error when the code has changed, and there is no place for the bug, or more than one.
 */
export function mutated(code: string, { file, find, instead }: Mutant): string {
  const places = code.split(find).length - 1;
  if (places === 1) return code.replace(find, () => instead);
  throw new Error(`${file}: ${String(places)} places for the bug, there must be one: ${find}`);
}
