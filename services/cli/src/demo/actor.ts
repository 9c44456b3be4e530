import { createInterface } from 'node:readline';
import { Acting } from './acting.js';
import { orderSchema, type Order, type Outcome } from './actor-protocol.js';

// One program of a scenario: reads orders from its standard input, one JSON object per line, does them
// with the client library, and reports. When the input ends it closes what it has open, and ends too,
// whatever it is still waiting for.

const exitWithinMs = 3_000;

let acting = null as Acting | null;

const input = createInterface({ input: process.stdin });
input.on('close', () => {
  setTimeout(() => process.exit(1), exitWithinMs).unref();
  void (acting?.exit() ?? Promise.resolve()).then(() => process.exit(0));
});
for await (const line of input) {
  const order = orderSchema.parse(JSON.parse(line));
  report(order.id, await perform(order));
}

async function perform(order: Order): Promise<Outcome> {
  if (order.kind === 'act') {
    return (await acting?.act(order.session, order.step)) ?? broken('it has not entered yet');
  }
  try {
    acting = await Acting.enter(order);
    return { kind: 'done' };
  } catch (error) {
    return broken(error instanceof Error ? error.message : String(error));
  }
}

function report(id: number, outcome: Outcome): void {
  process.stdout.write(`${JSON.stringify({ id, outcome })}\n`);
}

function broken(message: string): Outcome {
  return { kind: 'broken', message };
}
