import type { RefusalRecord } from '@joinleaf/event-log';
import { PartTaker, type Wanted } from '@joinleaf/replay';
import { Cache } from '../cache/cache.js';
import { load } from '../load.js';
import type { Loaded } from '../sources.js';
import type { Target } from '../targets.js';
import { loadingOf, type SourceOptions, type VerbContext } from '../verb.js';
import type { LoadedPart, Parts } from './loaded-part.js';

/** Opens the history of what a target names. Throws Trouble. */
export async function openParts(
  context: VerbContext,
  target: Target,
  options: SourceOptions,
): Promise<Parts> {
  if (target.kind === 'file')
    return new LoadedParts(await load(target, loadingOf(context, options)));
  const { LiveParts } = await import('./live-parts.js');
  return LiveParts.of(target.session, context, await Cache.open(context));
}

/** Of a history that is at hand. */
class LoadedParts implements Parts {
  constructor(private readonly loaded: Loaded) {}

  refusals(): Promise<readonly RefusalRecord[]> {
    return Promise.resolve(this.loaded.history.refusals);
  }

  lastRevision(): Promise<number> {
    return Promise.resolve(this.loaded.history.commits.at(-1)?.revision ?? 0);
  }

  part(wanted: Wanted): Promise<LoadedPart> {
    const { history, ...source } = this.loaded;
    const taker = new PartTaker(wanted);
    for (const commit of history.commits) if (!taker.take(commit)) break;
    const { session, refusals } = history;
    return Promise.resolve({ ...taker.part(refusals), session, source });
  }

  whole(): Promise<Loaded> {
    return Promise.resolve(this.loaded);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
