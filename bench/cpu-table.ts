import type { Figures } from './figures.js';
import type { Table } from './report.js';

export interface CpuRow {
  readonly id: string;
  readonly title: string;
  /** Processor time of one operation, in microseconds by process. */
  readonly cpuUs: Readonly<Record<string, number>>;
}

interface Measured {
  readonly id: string;
  readonly title: string;
  readonly concurrency: number;
  readonly figures: Figures;
}

/** The row of what was measured so many at once. */
export const cpuRow = ({ id, title, concurrency, figures: { cpuUs } }: Measured): CpuRow => ({
  id: `${id}-${String(concurrency)}`,
  title,
  cpuUs,
});

/** Who spends the time of one operation; the sum of all processes bounds the rate of a machine. */
export function cpuTable(title: string, rows: readonly CpuRow[]): Table {
  const names = Object.keys(rows[0]?.cpuUs ?? {});
  return {
    title,
    columns: [...names, 'all'].map((key) => ({ key, title: `${key} µs`, digits: 1 })),
    rows: rows.map(({ id, title: row, cpuUs }) => ({
      id: `cpu-${id}`,
      title: row,
      figures: { ...cpuUs, all: Object.values(cpuUs).reduce((sum, us) => sum + us, 0) },
    })),
  };
}
