import { Command, Option } from 'commander';
import type { Act } from './act.js';
import { registerDemo } from './demo/index.js';
import { registerClientVerbs } from './client-verbs.js';
import { registerDebugVerbs } from './debug-verbs.js';
import type { GlobalFlags } from './context.js';
import type { ExitCode } from './exit-codes.js';
import type { World } from './world.js';

const introduction = `joinleaf looks at sessions: what happened in them, why, and whether it would happen again.

  joinleaf ls                            the sessions there are
  joinleaf show conf-7                   how one of them stands
  joinleaf ladder conf-7                 who said what to whom
  joinleaf why conf-7                    why the last refusal was one
  joinleaf why conf-7#6                  why record 6 is as it is
  joinleaf replay --all                  decide everything again, and compare
  joinleaf export conf-7                 a file to send, with names and data taken out
  joinleaf log conf-7.jlcap              and the same verbs on that file
`;

const ending = `
Exit codes: 0 fine, 1 failure or refused, 2 usage, 3 not found, 4 divergence, 5 damage,
6 outcome unknown or no server, 130 interrupted.
Servers and logins: flags, else JOINLEAF_SERVERS, JOINLEAF_REALM, JOINLEAF_USER,
JOINLEAF_PASS, else the nearest .joinleaf/context.json, which \`npm start\` leaves.
`;

/**
 * The command line: verbs, options, help. A verb's code is loaded when it is called.
 *
 * @param saysUsage - Whether mistakes of usage are said on stderr, beside being thrown.
 */
export function makeProgram(
  world: World,
  done: (exitCode: ExitCode) => void,
  { saysUsage }: { readonly saysUsage: boolean },
): Command {
  const program = new Command('joinleaf')
    .version('0.1.0', '-V, --version')
    .showHelpAfterError('(joinleaf --help, joinleaf VERB --help)')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => {
        world.stdout.write(text);
      },
      writeErr: (text) => {
        if (saysUsage) world.stderr.write(text);
      },
      getOutHelpWidth: () => world.stdout.columns ?? 80,
      getErrHelpWidth: () => world.stderr.columns ?? 80,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .addHelpText('before', introduction)
    .addHelpText('after', ending);
  addGlobalOptions(program);
  const act: Act = async (command, verb) => {
    const { contextFor } = await import('./context.js');
    done(await verb(contextFor(command.optsWithGlobals<GlobalFlags>(), world)));
  };
  registerDebugVerbs(program, act);
  registerClientVerbs(program, act);
  registerDemo(program, act);
  return program;
}

function addGlobalOptions(program: Command): void {
  program
    .option('--servers <list>', 'host:port of the NATS server, or several with commas')
    .option('--realm <name>', 'the deployment')
    .option('--user <name>', 'log in as somebody else')
    .option('--pass-file <file>', 'the password of that user')
    .option('--context <file>', 'instead of the nearest .joinleaf/context.json')
    .option('--timeout <time>', 'how long to wait for the server (default: 5s)')
    .addOption(new Option('--json', 'one JSON document').conflicts(['ndjson', 'plain']))
    .addOption(new Option('--ndjson', 'a JSON document in each line').conflicts('plain'))
    .option('--plain', 'tab-separated lines')
    .option('--no-color', 'no colour, as with NO_COLOR')
    .option('--width <columns>', 'columns of a page')
    .option('-q, --quiet', 'no talk beside the result')
    .option('--debug', 'say where an error happened');
}
