import { againIn, whichSession, type Loaded, type Loading } from './sources.js';
import type { Target } from './targets.js';

/**
 * Loads what a target is about.
 *
 * @throws Trouble (not found) when there is nothing on record about it.
 */
export async function load(target: Target, loading: Loading): Promise<Loaded> {
  if (target.kind === 'file') return loadFile(target, loading.session);
  const { settings, signal } = loading;
  const { connectLive } = await import('./live.js');
  const { loadSession } = await import('./live-sources.js');
  await using live = await connectLive(settings(), { role: 'auditor', signal });
  return await loadSession(live, target.session, signal);
}

async function loadFile(
  target: Extract<Target, { kind: 'file' }>,
  wanted: string | undefined,
): Promise<Loaded> {
  const { path, name } = target;
  const { readCaptureFile, troubleIn } = await import('./capture-file.js');
  const read = await readCaptureFile(path);
  const { content, manifest } = read;
  const names = content.sessions.map(({ session }) => session);
  const found =
    wanted === undefined && content.sessions.length === 1
      ? content.sessions[0]
      : content.sessions.find(({ session }) => session === wanted);
  if (found === undefined) throw whichSession(name, names, wanted);
  return {
    history: found,
    origin: name,
    again: againIn(target, found.session, names.length),
    redaction: manifest.redaction,
    trouble: troubleIn(read),
    nodes: content.nodes,
  };
}
