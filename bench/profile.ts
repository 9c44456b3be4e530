import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

// Reads what `--profile FOLDER` left, so that everybody sees where the time goes without a browser.

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds between samples. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

const shown = 25;
const idle: readonly string[] = ['(idle)', '(program)', '(root)'];

/** The functions and the packages of a CPU profile that took the most time themselves; the file's name is its heading. */
export function profileInWords(file: string): string {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const [busyUs, byFunction, byPackage] = selfTimes(profile);
  const ranked = (times: ReadonlyMap<string, number>, count: number) =>
    [...times]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, count)
      .map(([name, us]) => `${((us / busyUs) * 100).toFixed(1).padStart(6)} %  ${name}`);
  return [
    `${basename(file)}: busy for ${(busyUs / 1e6).toFixed(2)} s`,
    ...ranked(byPackage, 12),
    '',
    ...ranked(byFunction, shown),
    '',
  ].join('\n');
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const byFunction = new Map<string, number>();
  const byPackage = new Map<string, number>();
  let busyUs = 0;
  for (const [index, id] of samples.entries()) {
    const frame = byId.get(id);
    const us = timeDeltas[index] ?? 0;
    if (frame === undefined || idle.includes(frame.functionName)) continue;
    busyUs += us;
    const { functionName, url, lineNumber } = frame;
    const where = packageOf(url);
    const name = functionName === '' ? '(anonymous)' : functionName;
    const place = url === '' ? where : `${where}/${basename(url)}:${String(lineNumber + 1)}`;
    add(byFunction, `${name}  ${place}`, us);
    add(byPackage, functionName === '(garbage collector)' ? functionName : where, us);
  }
  return [busyUs, byFunction, byPackage] as const;
}

function add(times: Map<string, number>, key: string, us: number): void {
  times.set(key, (times.get(key) ?? 0) + us);
}

function packageOf(url: string): string {
  const inModules = /node_modules\/((?:@[^/]+\/)?[^/]+)(?!.*node_modules)/.exec(url)?.[1];
  if (inModules !== undefined) return inModules;
  return (
    /\/((?:libs|services|bench)\/[^/]+)/.exec(url)?.[1] ??
    (url === '' ? 'v8' : (url.split('/')[0] ?? url))
  );
}
