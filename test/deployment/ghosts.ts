import { fold } from '@joinleaf/event-log';
import type { Journal } from './journal.js';
import { commitsOf, textOf, type Records } from './records.js';

/** Members of a session, as the log has them. */
export function membersOf(records: Records, session: string): readonly string[] {
  const folded = fold(commitsOf(records, session)).session;
  return folded.phase === 'open' ? [...folded.members.keys()] : [];
}

/** What the log and the program know of a member that should have gone, for whoever has to find out why. */
export function storyOf(leaf: string, { commits }: Records, journal: Journal): string {
  const about = commits
    .flatMap(({ revision, decidedAt, decisions }) =>
      decisions.map((decided) => ({ revision, decidedAt, ...decided })),
    )
    .filter(({ command }) => JSON.stringify(command).includes(`"${leaf}"`));
  const tokens = about.flatMap(({ command }) =>
    'callerData' in command ? textOf(command.callerData) : [],
  );
  const answers = journal.answers.filter(({ token }) => tokens.includes(token));
  return JSON.stringify({ leaf, about, answers });
}
