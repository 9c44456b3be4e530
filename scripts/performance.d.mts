export declare function performancePage(): Promise<string>;
