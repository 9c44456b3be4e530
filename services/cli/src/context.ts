import { span } from '@joinleaf/replay';
import { BadWord } from './exit-codes.js';
import { findSettings, type SettingsFlags } from './settings.js';
import { Terminal, type Format } from './terminal.js';
import type { VerbContext } from './verb.js';
import type { World } from './world.js';

/** What every verb takes, as commander reads it. */
export interface GlobalFlags extends SettingsFlags {
  readonly json?: boolean;
  readonly ndjson?: boolean;
  readonly plain?: boolean;
  readonly color?: boolean;
  readonly width?: string;
  readonly quiet?: boolean;
}

/** What a verb works with, as its command line wants it. Throws BadWord. */
export function contextFor(flags: GlobalFlags, world: World): VerbContext {
  const terminal = new Terminal(world, {
    format: formatOf(flags),
    colour: flags.color !== false,
    quiet: flags.quiet === true,
    width: widthIn(flags.width),
  });
  const settings = () => {
    const found = findSettings(flags, world);
    const { servers, timeoutMs } = found;
    const onWaiting = () => {
      terminal.remark(`no answer from ${servers.join(', ')} yet, trying for ${span(timeoutMs)}`);
    };
    return { ...found, onWaiting };
  };
  return { world, terminal, settings };
}

function formatOf({ json, ndjson, plain }: GlobalFlags): Format {
  if (json === true) return 'json';
  if (ndjson === true) return 'ndjson';
  return plain === true ? 'plain' : 'page';
}

function widthIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const width = Number(text);
  if (Number.isInteger(width) && width >= 40 && width <= 1_000) return width;
  throw new BadWord('--width', '--width is a number of columns from 40 to 1000');
}
