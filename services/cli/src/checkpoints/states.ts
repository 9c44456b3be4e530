import { Cache } from '../cache/cache.js';
import type { Target } from '../targets.js';
import type { SourceOptions, VerbContext } from '../verb.js';
import type { States } from './placed.js';

/** Opens the states of what a target names. Throws Trouble. */
export async function openStates(
  context: VerbContext,
  target: Target,
  options: SourceOptions,
): Promise<States> {
  const cache = await Cache.open(context);
  if (target.kind === 'file') {
    const { CaptureStates } = await import('./capture-states.js');
    return CaptureStates.of(target, options.session, cache);
  }
  const { LiveStates } = await import('./live-states.js');
  return LiveStates.of(target.session, context, cache);
}
