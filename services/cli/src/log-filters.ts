import { nodeOf, WSA, type SessionAddress } from '@joinleaf/multipoint';
import type { Cast, Step } from '@joinleaf/replay';
import { endpointsIn } from '@joinleaf/transcript';
import { commandSchema, eventSchema } from '@joinleaf/wire';
import { BadWord, echoed, exitCodes, Trouble } from './exit-codes.js';

// What `--type` and `--leaf` of a log take.

const typesOf = (schema: typeof eventSchema | typeof commandSchema): readonly string[] =>
  schema.options.map(({ shape }) => shape.type.value);

/** Throws BadWord that lists the types there are. */
export function checkType(type: string | undefined): void {
  if (type === undefined) return;
  const events = typesOf(eventSchema);
  const commands = typesOf(commandSchema);
  const all = ['refusal', ...Object.keys(WSA), ...events, ...commands];
  if (all.some((one) => one.toLowerCase() === type.toLowerCase())) return;
  throw new BadWord('--type', `--type is one of ${[...events, ...commands].join(', ')}, refusal`, [
    'or the code of a refusal, such as WSAEALREADY: joinleaf errors',
  ]);
}

export function isOfType(step: Step, type: string | undefined): boolean {
  if (type === undefined) return true;
  const wanted = type.toLowerCase();
  if (step.kind === 'refusal') {
    const { code, command } = step.refusal;
    return ['refusal', code.toLowerCase(), command.type.toLowerCase()].includes(wanted);
  }
  const { command, events } = step.decided;
  return [command.type, ...events.map((event) => event.type)].some(
    (t) => t.toLowerCase() === wanted,
  );
}

/** Whether a leaf, or a node, is named by any of some records. */
export const isThere = (leaf: string | undefined, all: readonly Step[], cast: Cast): boolean =>
  leaf === undefined ||
  all.some((step) =>
    endpointsIn(step, cast).some((endpoint) => endpoint === leaf || nodeOf(endpoint) === leaf),
  );

const namesMax = 8;

export function noSuchLeaf(leaf: string, session: SessionAddress, cast: Cast): Trouble {
  const names = [...cast.endpoints.keys()];
  const more = names.length > namesMax ? ' …' : '';
  return new Trouble(exitCodes.notFound, `there is no leaf ${echoed(leaf)} in ${session}`, [
    names.length === 0
      ? 'nobody has asked to join it'
      : `its leaves: ${names.slice(0, namesMax).join(', ')}${more}`,
  ]);
}
