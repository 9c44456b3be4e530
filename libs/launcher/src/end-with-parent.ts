// Loaded into a service before its own code (`node --import`): it ends when whoever started it ends, in
// whatever way. Its standard input is a pipe that nobody writes to; only the kernel closes it.

const graceMs = 5_000;

process.stdin.on('error', endNow);
process.stdin.on('end', endNow);
process.stdin.resume();
process.stdin.unref();

function endNow(): void {
  process.kill(process.pid, 'SIGTERM');
  // Not unref'd in vain: a service that cannot drain, for the broker is gone too, still ends.
  setTimeout(() => process.exit(1), graceMs).unref();
}
