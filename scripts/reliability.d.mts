export declare function reliabilityPage(): Promise<string>;
/** @param report - As bench/report.ts has it. */
export declare function benchPart(title: string, report: object): string;
