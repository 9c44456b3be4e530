import type { WsaCode } from '@joinleaf/multipoint';

type Pages = Readonly<Record<string, string>>;

/** The page of every code that has one, by code. */
export function readPages(): Pages;
/** docs/errors/README.md. */
export function readIndex(): string;
/** What the command carries. */
export function readEmbedded(): string;
/** A page with its mechanical parts written anew. */
export function pageWritten(code: string, text: string): string;
/** The index with its table written anew. */
export function indexWritten(text: string): string;
/** The pages as the command carries them. */
export function pagesEmbedded(pages: Pages): string;
/** The rules that answer with each code. */
export function answers(): ReadonlyMap<WsaCode, ReadonlySet<string>>;
