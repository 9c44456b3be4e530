import type { Command } from 'commander';
import { examples } from './debug-verbs.js';
import type { Act } from './act.js';
import type { JoinOptions } from './verbs/join.js';
import type { ListenOptions } from './verbs/listen.js';
import type { OpenOptions } from './verbs/open.js';
import type { OperateOptions } from './verbs/operate.js';

// Verbs that take part: as a node, or as an operator in the name of a session's root.

const reveal = ['--reveal', 'show what programs attached to joins'] as const;
const yes = ['-y, --yes', 'do not ask'] as const;
const holdFor = ['--for <time>', 'stop after 30s, 5m …; else Ctrl-C ends it'] as const;

export function registerClientVerbs(program: Command, act: Act): void {
  registerOpen(program, act);
  registerLeaves(program, act);
  registerOperator(program, act);
}

function registerOpen(program: Command, act: Act): void {
  program
    .command('open')
    .description('hold a session open as its root; or set up a group')
    .argument('<session>', 'conf-7, or @news for a group')
    .option('--node <name>', 'who you are')
    .option('--admit <how>', 'ask (the root answers each request) or auto')
    .option('--capacity <n>', 'members at most')
    .option('--allow <nodes>', 'only these nodes, with commas')
    .option('--deny <nodes>', 'not these nodes')
    .option('--deadline <time>', 'the longest a join may wait')
    .option('--backlog <n>', 'requests that may wait at once')
    .option(
      '--root-loss <what>',
      'when the root is lost: close-all, linger or elect-oldest (default: close-all)',
    )
    .option('--linger <time>', 'how long the session then waits for another root')
    .option('--accept <who>', 'all or none of those who ask (default: none)')
    .option('--invite <endpoint...>', 'invite bob:1 …, one after the other')
    .option(...holdFor)
    .option(...reveal)
    .addHelpText(
      'before',
      examples(
        'open conf-7 --node ada --accept all',
        'open conf-7 --node ada --admit auto --capacity 10 --for 5m',
        'open conf-7 --node ada --root-loss elect-oldest --linger 1m',
        'open @news',
      ),
    )
    .action((session: string, options: OpenOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/open.js')).open(context, session, options),
      ),
    );
}

function registerLeaves(program: Command, act: Act): void {
  program
    .command('join')
    .description('ask to join a session, and stay in it')
    .argument('<session>', 'conf-7, or @news')
    .requiredOption('--node <name>', 'who you are')
    .option('--data <text>', 'what the root is to see with the request')
    .option('--flags <flags>', 'both, sender-only or receiver-only')
    .option('--port <n>', 'ask from this port (default: a drawn one)')
    .option('--deadline <time>', 'how long to wait for an answer')
    .option('--once', 'leave again at once')
    .option(...holdFor)
    .option(...reveal)
    .addHelpText(
      'before',
      examples(
        'join conf-7 --node bob --data "it is me"',
        'join @news --node bob --once && echo joined',
      ),
    )
    .action((session: string, options: JoinOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/join.js')).join(context, session, options),
      ),
    );
  program
    .command('listen')
    .description('be a leaf that can be invited')
    .argument('<endpoint>', 'bob:1')
    .option('--accept <who>', 'all or none of the invitations (default: all)')
    .option(...holdFor)
    .option(...reveal)
    .addHelpText('before', examples('listen bob:1', 'listen bob:1 --accept none --for 1m'))
    .action((endpoint: string, options: ListenOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/listen.js')).listen(context, endpoint, options),
      ),
    );
}

function registerOperator(program: Command, act: Act): void {
  const operator = 'as an operator, in the name of the root';
  program
    .command('accept')
    .description(`let a waiting leaf in, ${operator}`)
    .argument('<session>', 'conf-7')
    .argument('[join]', 'J7 or bob:1 (default: who has waited longest)')
    .option(...yes)
    .addHelpText('before', examples('accept conf-7', 'accept conf-7 J7 --yes'))
    .action((session: string, join: string | undefined, options: OperateOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/operate.js')).accept(context, session, join, options),
      ),
    );
  program
    .command('reject')
    .description(`turn a waiting leaf away, ${operator}`)
    .argument('<session>', 'conf-7')
    .argument('[join]', 'J7 or bob:1 (default: who has waited longest)')
    .option(...yes)
    .addHelpText('before', examples('reject conf-7', 'reject conf-7 bob:1 --yes'))
    .action((session: string, join: string | undefined, options: OperateOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/operate.js')).reject(context, session, join, options),
      ),
    );
  program
    .command('close')
    .description('end a session or a group, or take one member out')
    .argument('<session>', 'conf-7, or @news')
    .argument('[member]', 'bob:1, J7 or a socket (default: the whole session)')
    .option(...yes)
    .addHelpText('before', examples('close conf-7', 'close conf-7 bob:1', 'close @news --yes'))
    .action((session: string, member: string | undefined, options: OperateOptions, self: Command) =>
      act(self, async (context) =>
        (await import('./verbs/operate.js')).close(context, session, member, options),
      ),
    );
}
