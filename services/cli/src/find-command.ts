import type { SessionAddress } from '@joinleaf/multipoint';
import { connectLive } from './live.js';
import { sessionNames } from './live-sources.js';
import type { VerbContext } from './verb.js';

/**
 * The session in which a command was decided or refused; null when no log has it. A text that is also a
 * session's name is taken for the session.
 */
export async function sessionOfCommand(
  { settings, world }: VerbContext,
  commandId: string,
): Promise<SessionAddress | null> {
  const signal = world.interrupted;
  await using live = await connectLive(settings(), { role: 'auditor', signal });
  const names = await sessionNames(live);
  if (names.some((name) => name === commandId)) return null;
  for await (const followed of live.events.follow({ signal })) {
    if (followed.kind === 'caught-up') break;
    if (followed.kind !== 'commit') continue;
    const { commit } = followed;
    if (commit.decisions.some((decided) => decided.commandId === commandId)) return commit.session;
  }
  for await (const followed of live.decisions.follow({ signal })) {
    if (followed.kind === 'caught-up') break;
    if (followed.kind === 'record' && followed.record.commandId === commandId) {
      return followed.record.session;
    }
  }
  return null;
}
