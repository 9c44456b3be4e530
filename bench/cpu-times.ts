import { readFileSync } from 'node:fs';

/** A process that takes part in a measurement. */
export interface Process {
  readonly name: string;
  readonly pid: number;
}

/** Kernel ticks in a second; the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/**
 * The processor time that each process has used so far, in microseconds by name. Rates depend on what else a machine
 * does; this hardly does. Empty where there is no /proc.
 */
export function cpuTimesUs(processes: readonly Process[]): ReadonlyMap<string, number> {
  return new Map(
    processes.flatMap(({ name, pid }) => {
      const us = cpuTimeUs(pid);
      return us === null ? [] : [[name, us] as const];
    }),
  );
}

function cpuTimeUs(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // Behind the name in brackets, which may hold anything, "utime" and "stime" are the 12th and 13th word.
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(words[11]) + Number(words[12])) / ticksPerSecond) * 1e6;
  } catch {
    return null;
  }
}

/** What was used between two readings. */
export const usedUs = (
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> =>
  new Map([...after].map(([name, us]) => [name, us - (before.get(name) ?? 0)]));
