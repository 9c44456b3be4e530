import type { Linter } from 'eslint';

export declare const pureLibraries: readonly string[];
export declare const pureRules: Linter.RulesRecord;
