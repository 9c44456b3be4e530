export declare function reliabilityPage(): Promise<string>;
