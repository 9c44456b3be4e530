/** The document with its tables written anew. */
export function withTables(text: string): string;
