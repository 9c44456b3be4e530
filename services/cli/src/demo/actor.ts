import { createInterface } from 'node:readline';
import { Acting } from './acting.js';
import { orderSchema, type Order, type Outcome } from './actor-protocol.js';

// One program of a scenario: reads orders from its standard input, one JSON object per line, does them
// with the client library, and reports. When the input ends it closes what it has open, and ends too.

let acting = null as Acting | null;

for await (const line of createInterface({ input: process.stdin })) {
  const order = orderSchema.parse(JSON.parse(line));
  report(order.id, await perform(order));
}
await acting?.exit();
process.exit(0);

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
