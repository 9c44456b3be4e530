import { nodeOf, type NodeAddress, type SessionCommand } from '@joinleaf/multipoint';
import type { Cast, Step } from '@joinleaf/replay';

export const commandOf = (step: Step): SessionCommand =>
  step.kind === 'decision' ? step.decided.command : step.refusal.command;

/** Whether a record is about an endpoint or a node, or about everybody. */
export function concerns(step: Step, cast: Cast, leaf: string | undefined): boolean {
  if (leaf === undefined) return true;
  const named = endpointsIn(step, cast);
  return (
    named.length === 0 || named.some((endpoint) => endpoint === leaf || nodeOf(endpoint) === leaf)
  );
}

/** The endpoints that a record is about. */
export function endpointsIn(step: Step, cast: Cast): readonly NodeAddress[] {
  const command = commandOf(step);
  const actor = cast.actorOf(command);
  const named: (NodeAddress | null)[] = [actor.kind === 'leaf' ? actor.endpoint : null];
  if ('leafAddress' in command) named.push(command.leafAddress);
  if ('join' in command) named.push(cast.endpointOf(command.join));
  if (command.type === 'CloseSocket') {
    const part = cast.partOf(command.socket);
    named.push(part === null || part.role === 'root' ? null : part.endpoint);
  }
  if (step.kind === 'decision') {
    for (const event of step.decided.events) {
      if ('join' in event) named.push(cast.endpointOf(event.join));
      if (event.type === 'MemberLeft') {
        const part = cast.partOf(event.leaf);
        named.push(part?.role === 'leaf' ? part.endpoint : null);
      }
    }
  }
  return named.filter((endpoint) => endpoint !== null);
}
