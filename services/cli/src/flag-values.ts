import { isName, portMax } from '@joinleaf/multipoint';
import { BadWord, echoed, nameHint } from './exit-codes.js';

/** One of some words. Throws BadWord that lists them. */
export function choice<const T extends string>(
  flag: string,
  value: string,
  choices: readonly T[],
): T {
  const found = choices.find((one) => one === value);
  if (found !== undefined) return found;
  throw new BadWord(flag, `${flag} is ${choices.join(' or ')}`);
}

/** A count from 1. */
export function whole(flag: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new BadWord(flag, `${flag} is a number from 1`);
}

/** A port from 1. */
export function portIn(field: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= portMax) return port;
  throw new BadWord(field, `${field}: a port is a number from 1 to ${String(portMax)}`);
}

/** A node and its port, such as `bob:1`. */
export function endpointIn(
  field: string,
  text: string,
): { readonly node: string; readonly port: number } {
  const [, node = '', port = ''] = /^([^:]+):(\d+)$/.exec(text) ?? [];
  if (isName(node)) return { node, port: portIn(field, port) };
  throw new BadWord(field, `${field}: ${echoed(text)} is no endpoint`, [
    'an endpoint is a node and a port, such as bob:1',
  ]);
}

/** Names with commas between them. */
export function names(flag: string, list: string): readonly string[] {
  const all = list.split(',').map((name) => name.trim());
  const wrong = all.find((name) => !isName(name));
  if (wrong === undefined) return all;
  throw new BadWord(flag, `${flag}: ${echoed(wrong)} is not a name`, [`a name is ${nameHint}`]);
}
