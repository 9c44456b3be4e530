import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, BenchOptions, Choice, OwnOption } from './bench.js';
import { holdsProfiles } from './profiles.js';

export interface Wish extends Omit<BenchOptions, 'rounds' | 'chosen' | 'profiles'> {
  /** What is measured, in its order. */
  readonly benches: readonly ChosenBench[];
  /** Null for as many as each bench has by itself. */
  readonly rounds: number | null;
  /** A file; a folder for several benches. */
  readonly json: string | null;
  readonly profile: string | null;
}

export interface ChosenBench {
  readonly bench: Bench;
  readonly chosen: ReadonlySet<string>;
  /** How to ask for the same figures again. */
  readonly command: string;
}

/** A sentence for whoever asked for what there is not. */
export class Misunderstood extends Error {
  override readonly name = 'Misunderstood';
}

const options = {
  durability: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  only: { type: 'string' },
  'at-once': { type: 'string' },
  large: { type: 'boolean' },
  'no-notifier': { type: 'boolean' },
  json: { type: 'string' },
  profile: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Option = keyof typeof options;

const roundsMax = 1_000;
const secondsMax = 3_600;
const atOnceMax = 1_000;
const atOnceDefault = '1,64';

/**
 * What is wished for, before anything is started.
 *
 * @throws Misunderstood naming the option, and what is allowed.
 */
export function parse(argv: readonly string[], all: readonly Bench[]): Wish | 'help' | 'list' {
  const { given, names } = read(argv);
  if (given.has('help')) return 'help';
  const benches = benchesOf(names, all);
  if (given.has('list')) return 'list';
  for (const option of given.keys()) mustMeanSomething(option, benches, all);

  const large = given.has('large');
  const notifier = !given.has('no-notifier');
  const chosen = chosenOf(benches, given.get('only') ?? null, {
    isNamed: names.length > 0,
    has: ({ needs }) => needs === undefined || (needs === 'large' ? large : notifier),
  });
  const seconds = numberOf('seconds', given.get('seconds') ?? '1');
  if (!(seconds > 0 && seconds <= secondsMax))
    throw wrong('seconds', given, `it is a number above 0, ${String(secondsMax)} at most`);
  return {
    benches: chosen.map((each) => ({ ...each, command: commandFor(each.bench, given) })),
    sync: syncOf(given),
    notifier,
    rounds: roundsOf(given),
    seconds,
    atOnce: atOnceOf(given),
    large,
    json: jsonOf(given, chosen.length),
    profile: profileOf(given),
  };
}

type Given = ReadonlyMap<Option, string>;

// Every option takes the word behind it, whatever that looks like: `--seconds -1` is a wrong number, and no riddle.
function read(argv: readonly string[]): { readonly given: Given; readonly names: string[] } {
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<Option, string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!isOption(name)) {
      const there = Object.keys(options).map((option) => `--${option}`);
      throw new Misunderstood(`There is no option ${rawName}; there are ${there.join(', ')}.`);
    }
    if (options[name].type === 'boolean' && value !== undefined)
      throw new Misunderstood(`--${name} takes no value, and "${value}" was given.`);
    if (options[name].type === 'string' && (value === undefined || value === ''))
      throw new Misunderstood(`--${name} wants a value behind it.`);
    given.set(name, value ?? '');
  }
  return { given, names: positionals };
}

const isOption = (name: string): name is Option => name in options;

function benchesOf(names: readonly string[], all: readonly Bench[]): readonly Bench[] {
  const unknown = names.find((name) => !all.some((bench) => bench.name === name));
  if (unknown !== undefined) {
    const there = all.map(({ name }) => name).join(', ');
    throw new Misunderstood(`There is no bench "${unknown}"; there are ${there}.`);
  }
  return names.length === 0
    ? all.filter(({ onlyByName = false }) => !onlyByName)
    : all.filter(({ name }) => names.includes(name));
}

const ofEveryBench: readonly Option[] = ['rounds', 'json', 'list', 'help'];

// With several benches an option may be for some of them.
function mustMeanSomething(option: Option, benches: readonly Bench[], all: readonly Bench[]): void {
  if (ofEveryBench.includes(option)) return;
  const own = option as OwnOption;
  if (benches.some((bench) => bench.options.includes(own))) return;
  const there = all.filter((bench) => bench.options.includes(own)).map(({ name }) => name);
  const names = benches.map(({ name }) => name).join(' and ');
  throw new Misunderstood(`--${option} means nothing to ${names}; it is for ${there.join(', ')}.`);
}

interface Choosing {
  /** Whether somebody has named the benches: then each of them has to have something to measure. */
  readonly isNamed: boolean;
  readonly has: (choice: Choice) => boolean;
}

function chosenOf(
  benches: readonly Bench[],
  only: string | null,
  { isNamed, has }: Choosing,
): readonly Omit<ChosenBench, 'command'>[] {
  const texts = only?.split(',') ?? [''];
  const chosen = benches.map((bench) => {
    const there = bench.choices.filter(has).map(({ id }) => id);
    return { bench, there, ids: there.filter((id) => texts.some((text) => id.includes(text))) };
  });
  if (only !== null) {
    const isMet = (text: string) =>
      text !== '' && chosen.some(({ ids }) => ids.some((id) => id.includes(text)));
    const unmet = texts.find((text) => !isMet(text));
    if (unmet !== undefined && !isNamed)
      throw new Misunderstood(
        `--only ${only}: no bench has a row called "${unmet}"; --list names them.`,
      );
    const lacking = chosen.filter(({ ids }) => unmet !== undefined || ids.length === 0);
    if (isNamed && lacking.length > 0)
      throw new Misunderstood(`--only ${only}: ${lacking.map(rowsOf(unmet ?? only)).join('; ')}.`);
  }
  return chosen
    .filter(({ ids }) => only === null || ids.length > 0)
    .map(({ bench, ids }) => ({ bench, chosen: new Set(ids) }));
}

const rowsOf =
  (text: string) =>
  ({ bench, there }: { readonly bench: Bench; readonly there: readonly string[] }): string =>
    there.length === 0
      ? `${bench.name} is measured as a whole`
      : `${bench.name} has no "${text}"; it has ${there.join(', ')}`;

const wrong = (option: Option, given: Given, sentence: string): Misunderstood =>
  new Misunderstood(`--${option} ${given.get(option) ?? ''}: ${sentence}.`);

// Number() takes '' and ' ' for 0, and reads 0x10 and 1e3.
const numberOf = (option: Option, text: string): number =>
  /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;

function syncOf(given: Given): Wish['sync'] {
  const sync = given.get('durability') ?? '2m';
  if (sync === '2m' || sync === 'always') return sync;
  throw wrong('durability', given, 'it is 2m or always');
}

function roundsOf(given: Given): number | null {
  const text = given.get('rounds');
  if (text === undefined) return null;
  if (isWhole(text, roundsMax)) return Number(text);
  throw wrong('rounds', given, `it is a whole number from 1 to ${String(roundsMax)}`);
}

function atOnceOf(given: Given): readonly number[] {
  const texts = (given.get('at-once') ?? atOnceDefault).split(',');
  if (texts.every((text) => isWhole(text, atOnceMax))) return [...new Set(texts.map(Number))];
  const list = `whole numbers from 1 to ${String(atOnceMax)}, such as ${atOnceDefault}`;
  throw wrong('at-once', given, `it is ${list}`);
}

const isWhole = (text: string, most: number): boolean =>
  /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most;

function jsonOf(given: Given, benches: number): string | null {
  const path = given.get('json');
  if (path === undefined) return null;
  const isAFolder = isFolder(path);
  if (benches === 1 && isAFolder)
    throw wrong('json', given, 'that is a folder, and one bench writes a file');
  if (benches > 1 && existsSync(path) && !isAFolder)
    throw wrong('json', given, 'that is a file, and several benches write into a folder');
  return inAFolder('json', given, path);
}

function profileOf(given: Given): string | null {
  const path = given.get('profile');
  if (path === undefined) return null;
  if (existsSync(path) && !isFolder(path)) throw wrong('profile', given, 'that is no folder');
  if (holdsProfiles(path))
    throw wrong('profile', given, 'profiles of another run are there already');
  return resolve(inAFolder('profile', given, path));
}

function inAFolder(option: Option, given: Given, path: string): string {
  const parent = dirname(path);
  if (!isFolder(parent)) throw wrong(option, given, `there is no folder ${parent}`);
  try {
    accessSync(parent, constants.W_OK);
  } catch {
    throw wrong(option, given, `nobody may write into ${parent}`);
  }
  return path;
}

const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

// Where it is written to does not change the figures.
function commandFor({ name, options: own }: Bench, given: Given): string {
  const words = [...given]
    .filter(([option]) => option === 'rounds' || own.some((each) => each === option))
    .filter(([option]) => option !== 'profile')
    .map(([option, value]) => (value === '' ? `--${option}` : `--${option} ${value}`));
  return ['npm run bench --', name, ...words].join(' ');
}
