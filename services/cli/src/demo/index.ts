import type { Command } from 'commander';
import type { Act } from '../act.js';

interface DemoFlags {
  readonly scenario: string;
  readonly once: boolean;
  readonly store?: string;
}

/** Adds `joinleaf demo`, which is what `npm start` runs. */
export function registerDemo(program: Command, act: Act): void {
  program
    .command('demo')
    .description('start everything, play a scenario, and keep it running to be looked at')
    .option('--scenario <file>', 'a file, or the name of one in scenarios/', 'waiting-room')
    .option('--once', 'end when the scenario has been played', false)
    .option('--store <folder>', 'keep the event log there; without it, it goes when the demo ends')
    .action((flags: DemoFlags, self: Command) =>
      act(self, async (context) => {
        const { runDemo } = await import('./demo.js');
        const { store = null } = flags;
        // Nothing that is still under way, such as a download, holds up somebody who wants to leave.
        process.exit(await runDemo({ ...flags, store }, context));
      }),
    );
}
