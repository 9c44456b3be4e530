import { readFileSync } from 'node:fs';
import type { WsaCode } from '@joinleaf/multipoint';

// The pages of docs/errors lie beside this module and are built with it, so that whoever has the command has
// them: without a checkout, and without a network. `npm run errors` writes the file, and a test compares it.

type Pages = Readonly<Record<WsaCode, readonly string[]>>;

/** The page of a code, in Markdown. */
export function errorPage(code: WsaCode): string {
  const pages = JSON.parse(
    readFileSync(new URL('./error-pages.json', import.meta.url), 'utf8'),
  ) as Pages;
  return pages[code].join('\n');
}
