// The few pieces of nats-server's configuration language that more than one file here writes.

/** A password as it is (plain or bcrypt), or the environment variable that the server reads it from. */
export type Password = string | { readonly variable: string };

/** A string of the configuration language; what it cannot hold is refused. */
export function quoted(text: string): string {
  if (/\p{Cc}/u.test(text)) throw new TypeError('a configuration string has no control characters');
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

export function list(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(', ')}]`;
}

export function secret(password: Password): string {
  if (typeof password !== 'string') return `$${password.variable}`;
  if (password === '') throw new TypeError('an empty password lets everybody in');
  return quoted(password);
}

/** Moves every line of a text to the right. */
export function indented(text: string, spaces: number): string {
  return text.trimEnd().replaceAll(/^(?=.)/gm, ' '.repeat(spaces));
}
