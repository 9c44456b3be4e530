import { Option, type Command } from 'commander';
import type { Act } from './act.js';
import type { ExportOptions } from './verbs/export.js';
import type { LadderOptions } from './verbs/ladder.js';
import type { LogOptions } from './verbs/log.js';
import type { LsOptions } from './verbs/ls.js';
import type { ReplayOptions } from './verbs/replay.js';
import type { ShowOptions } from './verbs/show.js';
import type { StateOptions } from './verbs/state.js';
import type { TailOptions } from './verbs/tail.js';
import type { VerifyOptions } from './verbs/verify.js';
import type { WhyOptions } from './verbs/why.js';

// Verbs that look and never write: they connect as the auditor, who cannot.

const source = 'a session, or a capture (x.jlcap)';
const reveal = ['--reveal', 'show what programs attached to joins'] as const;
const ofSession = ['--session <name>', 'which session of a capture'] as const;
const full = ['--full', 'do not shorten long lists'] as const;
const from = ['--from <revision>', 'from this revision on'] as const;
const to = ['--to <revision>', 'up to this revision'] as const;
const leaf = ['--leaf <endpoint>', 'only what concerns bob:1, or node bob'] as const;

export function registerDebugVerbs(program: Command, act: Act): void {
  registerLooking(program, act);
  registerLog(program, act);
  registerLadder(program, act);
  registerPlaces(program, act);
  registerChecking(program, act);
  registerCaptures(program, act);
  registerHealth(program, act);
  registerServices(program, act);
}

/** Help begins with what one would type. */
export const examples = (...lines: readonly string[]): string =>
  `${lines.map((example) => `  joinleaf ${example}`).join('\n')}\n`;

function registerLooking(program: Command, act: Act): void {
  program
    .command('ls')
    .description('the sessions there are')
    .argument('[source...]', source)
    .option('--phase <phase>', 'only those that are open, shut, closed or unopened')
    .option('--since <time>', 'only those that changed in the last 10m, 2h …')
    .addHelpText('before', examples('ls --phase open', 'ls --since 1h --json', 'ls x.jlcap'))
    .action((sources: string[], options: LsOptions, self: Command) =>
      act(self, async (context) => (await import('./verbs/ls.js')).ls(context, sources, options)),
    );
  program
    .command('show')
    .description('how a session stands')
    .argument('<source>', source)
    .option(...full)
    .option(...reveal)
    .option(...ofSession)
    .addHelpText('before', examples('show conf-7', "show '@news'", 'show x.jlcap'))
    .action((one: string, options: ShowOptions, self: Command) =>
      act(self, async (context) => (await import('./verbs/show.js')).show(context, one, options)),
    );
  program
    .command('tail')
    .description('what happens, as it happens')
    .argument('[session...]', 'sessions; all of them when none is named')
    .option('--last <n>', 'begin with the last n records (default: 10)')
    .option('--told', 'say who hears what')
    .option('--state', 'say what is believed afterwards')
    .option(...reveal)
    .addHelpText('before', examples('tail', 'tail conf-7 --told', 'tail --ndjson | jq .rule'))
    .action((sessions: string[], options: TailOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/tail.js')).tail(context, sessions, options),
      ),
    );
}

function registerLog(program: Command, act: Act): void {
  program
    .command('log')
    .description(
      'a history, one record after the other; with --last, --from or --to only that part of it is read',
    )
    .argument('<source>', source)
    .option(...from)
    .option(...to)
    .addOption(new Option('--last <n>', 'only the last n records').conflicts(['from', 'to']))
    .option('--type <type>', 'only JoinFailed, RequestJoin, WSAEALREADY, refusal …')
    .option(...leaf)
    .option('--told', 'say who hears what')
    .option('--state', 'say what is believed afterwards')
    .option(...full)
    .option(...reveal)
    .option(...ofSession)
    .addHelpText(
      'before',
      examples(
        'log conf-7 --told --state',
        'log conf-7 --last 20',
        'log conf-7 --type refusal',
        'log x.jlcap --json | jq .records[0]',
      ),
    )
    .action((one: string, options: LogOptions, self: Command) =>
      act(self, async (context) => (await import('./verbs/log.js')).log(context, one, options)),
    );
}

function registerLadder(program: Command, act: Act): void {
  program
    .command('ladder')
    .description('who said what to whom, as a diagram; reads the whole history')
    .argument('<source>', source)
    .option(...from)
    .option(...to)
    .option(...leaf)
    .option('--as <form>', 'text, mermaid or svg (default: text)')
    .option('--ascii', 'only characters that every terminal has')
    .option(...full)
    .option(...ofSession)
    .addHelpText(
      'before',
      examples(
        'ladder conf-7 --width 120',
        'ladder conf-7 --leaf bob',
        'ladder conf-7 --as svg > ladder.svg',
      ),
    )
    .action((one: string, options: LadderOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/ladder.js')).ladder(context, one, options),
      ),
    );
}

function registerPlaces(program: Command, act: Act): void {
  program
    .command('state')
    .description('what was believed at a position')
    .argument('<source@n>', 'conf-7@12, conf-7@12.2, x.jlcap@12; without @ the end')
    .option('--diff <n>', 'only what changed since that position')
    .option(...full)
    .option(...reveal)
    .option(...ofSession)
    .addHelpText(
      'before',
      examples('state conf-7@12', 'state conf-7@12 --diff 11', 'state conf-7@12.1 --json'),
    )
    .action((one: string, options: StateOptions, self: Command) =>
      act(self, async (context) => (await import('./verbs/state.js')).state(context, one, options)),
    );
  program
    .command('why')
    .description('why a command passed or not, recomputed')
    .argument('<request>', 'conf-7#6, conf-7@5.2, a session (its last refusal), or a command id')
    .argument(
      '[command-id]',
      'with a session or a capture: the command that is meant; the whole history is read for it',
    )
    .option('--last-refused', 'the last refusal of a session, which is the default')
    .option(...reveal)
    .option(...ofSession)
    .addHelpText(
      'before',
      examples('why conf-7#6', 'why conf-7', 'why conf-7 4f1c9a02d7e8', 'why x.jlcap#6'),
    )
    .action((request: string, id: string | undefined, options: WhyOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/why.js')).why(context, request, id, options),
      ),
    );
}

function registerChecking(program: Command, act: Act): void {
  program
    .command('verify')
    .description('is the log what was written: streams, chains, what nodes were told')
    .argument('[source...]', source)
    .option('--all', 'everything that is stored, which is the default')
    .option('--copies', 'compare what the servers of a cluster keep, too; takes its time')
    .addHelpText('before', examples('verify --all', 'verify conf-7', 'verify x.jlcap'))
    .action((sources: string[], options: VerifyOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/verify.js')).verify(context, sources, options),
      ),
    );
  program
    .command('replay')
    .description('decide everything again, and compare with what was recorded')
    .argument('[source...]', source)
    .option('--all', 'every session')
    .option('--against <module>', 'a module that exports decide(command, session)')
    .option('--junit <file>', 'write a JUnit report too')
    .option(
      '--threads <n>',
      'further threads that share the sessions, whole ones; 0 for none (default: one for each core but one, from 10,000 commits on)',
    )
    .option(...ofSession)
    .addHelpText(
      'before',
      examples(
        'replay --all',
        'replay a.jlcap b.jlcap --junit report.xml',
        'replay conf-7 --against ./new-decider.js',
      ),
    )
    .action((sources: string[], options: ReplayOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/replay.js')).replay(context, sources, options),
      ),
    );
}

function registerCaptures(program: Command, act: Act): void {
  program
    .command('export')
    .description('whole sessions in one file, names and data taken out')
    .argument('[source...]', source)
    .option('--all', 'every session')
    .option('-o, --output <file>', 'where to; - for a pipe (default: SESSION.jlcap)')
    .option('--keep <what>', 'do not take out: names, ids, data, everything')
    .option(...ofSession)
    .addHelpText(
      'before',
      examples('export conf-7', 'export --all -o all.jlcap', 'export conf-7 --keep names,ids'),
    )
    .action((sources: string[], options: ExportOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/export.js')).exportCapture(context, sources, options),
      ),
    );
  program
    .command('inspect')
    .description('what is in a capture, before it is sent or believed')
    .argument('<file>', 'x.jlcap')
    .action((file: string, _options: object, self: Command) =>
      act(self, async (context) => (await import('./verbs/inspect.js')).inspect(context, file)),
    );
}

function registerHealth(program: Command, act: Act): void {
  program
    .command('doctor')
    .description('what is well, what to look at, what is bad, and what to do about it')
    .addHelpText('before', examples('doctor', 'doctor --json'))
    .action((_options: object, self: Command) =>
      act(self, async (context) => (await import('./verbs/doctor.js')).doctor(context)),
    );
  program
    .command('parked')
    .description('stored messages that nobody could read, and why')
    .argument('[sequence]', 'one of them, with its bytes')
    .addHelpText('before', examples('parked', 'parked 42', 'parked --json'))
    .action((sequence: string | undefined, _options: object, self: Command) =>
      act(self, async (context) => (await import('./verbs/parked.js')).parked(context, sequence)),
    );
}

function registerServices(program: Command, act: Act): void {
  const errors = program
    .command('errors')
    .description('error codes and rules, in words')
    .addHelpText('before', examples('errors', 'errors lookup WSAEALREADY', 'errors lookup 10060'));
  errors
    .command('lookup')
    .description("an error's page, or a rule's sentence")
    .argument('<code>', 'WSAEALREADY, already, 10037, R50 …')
    .addHelpText('before', examples('errors lookup already', 'errors lookup R50'))
    .action((code: string, _options: object, self: Command) =>
      act(self, async (context) => (await import('./verbs/errors.js')).errorsLookup(context, code)),
    );
  errors
    .command('ls', { isDefault: true })
    .description('all codes, what they mean, and whether to try again')
    .action((_options: object, self: Command) =>
      act(self, async (context) => (await import('./verbs/errors.js')).errorsLs(context)),
    );
  program
    .command('ping')
    .description('which services answer')
    .action((_options: object, self: Command) =>
      act(self, async (context) => (await import('./verbs/ping.js')).ping(context, 'PING')),
    );
  program
    .command('info')
    .description('what the services say of themselves')
    .action((_options: object, self: Command) =>
      act(self, async (context) => (await import('./verbs/ping.js')).ping(context, 'INFO')),
    );
}
