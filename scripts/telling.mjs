const worthTellingMs = 1_000;

/** Ends the program with one readable message. */
export function fail(message) {
  process.stderr.write(`joinleaf: ${message}\n`);
  process.exit(1);
}

/** Runs a step and says in one line what was done, unless it was over at once. */
export async function timed(what, step) {
  const startedAt = performance.now();
  const exitCode = await step();
  const tookMs = performance.now() - startedAt;
  if (exitCode !== 0) process.stderr.write(`joinleaf: not ${what}\n`);
  else if (tookMs >= worthTellingMs) tell(`${what} (${inSeconds(tookMs)})`);
  return exitCode;
}

export function tell(message) {
  process.stderr.write(`joinleaf: ${message}\n`);
}

export function inSeconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}
