import type { Base64 } from '@joinleaf/multipoint';

// A redacted capture keeps of bytes their number and a keyed tag. In memory they are as many bytes, made
// of the tag: equal where the real ones were equal, and as large, so that nothing decides differently.

export interface RedactedBytes {
  readonly len: number;
  /** Up to 8 hexadecimal digits, from a key that is thrown away. */
  readonly tag: string;
}

/** How many bytes a text in base64 says. */
export const byteLength = (data: Base64): number =>
  Math.floor((data.length * 3) / 4) - (data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0);

/** As many bytes as said, made of the tag. */
export function bytesOfTag({ len, tag }: RedactedBytes): Base64 {
  const pattern = tag.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  const codes = Array.from({ length: len }, (_, index) => pattern[index % pattern.length] ?? 0);
  return btoa(codes.map((code) => String.fromCharCode(code)).join(''));
}

/** The tag that bytes were made of. */
export function tagOfBytes(data: Base64): RedactedBytes {
  const codes = Array.from(atob(data.slice(0, 8)), (char) => char.charCodeAt(0)).slice(0, 4);
  const tag = codes.map((code) => code.toString(16).padStart(2, '0')).join('');
  return { len: byteLength(data), tag };
}
