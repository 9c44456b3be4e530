// What a log holds was written by others. Nothing of it reaches a terminal, a file or a page as it
// is: a control character could move the cursor, hide a line or pretend to be another one.

// Controls (C0, DEL, C1), line and paragraph separators, marks that turn the writing direction, joiners
// and other characters without a width, private use, unassigned and lone surrogates.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/** Text that a terminal shows as it is: everything else is spelled `\u{1b}`. */
export const escapeForTerminal = (text: string): string =>
  text.replace(unprintable, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that an XML document shows as it is. */
export const escapeForXml = (text: string): string =>
  escapeForTerminal(text).replace(/[&<>"']/g, (char) => entities[char] ?? char);

/** Text that a Mermaid diagram shows as it is. */
export const escapeForMermaid = (text: string): string =>
  escapeForTerminal(text).replace(
    /[^\w .,:@+/()→✗■×·-]/g,
    (char) => `#${String(char.codePointAt(0) ?? 0)};`,
  );
