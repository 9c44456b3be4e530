/** A line of a service's log in few words: `fatal failed: no broker answers at 127.0.0.1:4222`. */
export function logWords(line: string): string {
  const told = recordIn(line);
  if (told === null) return line;
  const cause = isRecord(told.err) ? told.err.message : undefined;
  const words = [told.level, told.msg].filter((word) => typeof word === 'string').join(' ');
  return typeof cause === 'string' ? `${words}: ${cause}` : words;
}

function recordIn(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const told: unknown = JSON.parse(line);
    return isRecord(told) ? told : null;
  } catch {
    return null;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
