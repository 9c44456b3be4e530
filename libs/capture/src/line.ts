import type { Sha256 } from '@joinleaf/event-log';

// A line carries its number and a checksum of itself, so that a capture which was cut or edited says
// where: {"n":3,"sum":"9f3c2a1b","ev":{…}}

const envelope = /^\{"n":(\d{1,9}),"sum":"([0-9a-f]{8})",(.*)\}$/s;
const encoder = new TextEncoder();

export type LineKind = 'manifest' | 'ev' | 'dec' | 'node' | 'footer';

/** Writes one line; `kind` is the one key of what it holds. */
export function writeLine(number: number, kind: LineKind, value: unknown, sha256: Sha256): string {
  const body = `"${kind}":${JSON.stringify(value)}`;
  return `{"n":${String(number)},"sum":"${sumOf(number, body, sha256)}",${body}}`;
}

/** Why a line cannot be read. */
export type LineTrouble = 'no-line-of-a-capture' | 'out-of-order' | 'edited';

/** The body of a line, as JSON text; or what is wrong with the line. */
export function lineBody(
  line: string,
  number: number,
  sha256: Sha256,
): { readonly text: string } | { readonly trouble: LineTrouble } {
  const match = envelope.exec(line);
  if (match === null) return { trouble: 'no-line-of-a-capture' };
  const [, found, sum, body = ''] = match;
  if (Number(found) !== number) return { trouble: 'out-of-order' };
  if (sumOf(number, body, sha256) !== sum) return { trouble: 'edited' };
  return { text: `{${body}}` };
}

const sumOf = (number: number, body: string, sha256: Sha256): string =>
  sha256(encoder.encode(`${String(number)},${body}`)).slice(0, 8);
