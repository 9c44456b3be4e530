/** Why something was thrown, in words: what it says, and what its causes say. */
export function reasonOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return String(thrown);
  const { message, code, cause } = thrown as Partial<Record<'message' | 'code' | 'cause', unknown>>;
  const own = String(message === undefined || message === '' ? code : message);
  return cause === undefined ? own : `${own}: ${reasonOf(cause)}`;
}
