// A log line quotes what others sent. Control characters, and those that turn the writing direction,
// could forge lines or repaint a terminal, so they are spelled out. Inside a JSON line they can only
// stand within a string, where an escape means the same.

const hostile = /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Escapes what JSON leaves as it is and a terminal does not; the final newline stays. */
export const escapeHostile = (line: string): string => line.replace(hostile, spelledOut);

const spelledOut = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

// Told at the head of the line, or below it, or of no use to a person at a terminal.
const placed = new Set(['time', 'level', 'msg', 'service', 'version', 'pid', 'hostname', 'err']);

/** The same line in words: `12:00:03.123 info  ready service=session httpPort=8081`. */
export function textOf(jsonLine: string): string {
  const line = JSON.parse(jsonLine) as Readonly<Record<string, unknown>>;
  const { time, level, msg, service, err } = line;
  const told = Object.entries(line)
    .filter(([key]) => !placed.has(key))
    .map(([key, value]) => `${inWords(key)}=${asValue(value)}`);
  const clock = inWords(time).slice(11, 23);
  const words = [
    clock,
    inWords(level).padEnd(5),
    inWords(msg),
    `service=${asValue(service)}`,
    ...told,
  ];
  return `${words.join(' ')}${stackOf(err)}\n`;
}

const inWords = (value: unknown): string =>
  typeof value === 'string' ? escapeHostile(JSON.stringify(value).slice(1, -1)) : '';

// A bare value has no blank or quote that could make it look like two fields.
const asValue = (value: unknown): string =>
  typeof value === 'string' && /^[\w@:./+-]+$/.test(value)
    ? value
    : escapeHostile(JSON.stringify(value ?? null));

function stackOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { stack, message } = error as { readonly stack?: unknown; readonly message?: unknown };
  const text = typeof stack === 'string' ? stack : typeof message === 'string' ? message : '';
  return text
    .split('\n')
    .map((row) => `\n    ${inWords(row)}`)
    .join('');
}
