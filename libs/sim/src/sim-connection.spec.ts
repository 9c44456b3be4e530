import { describe, expect, it } from '@jest/globals';
import { Chance } from './chance.js';
import { SimNats } from './sim-nats.js';
import { SimProcess } from './sim-process.js';
import { Timeline } from './timeline.js';

const never = () => false;

async function pair() {
  const timeline = new Timeline();
  const chance = new Chance(7);
  const nats = new SimNats(timeline, chance);
  const processOf = (name: string) => new SimProcess(name, timeline, chance.fork(name));
  const connecting = [processOf('one'), processOf('other')].map((process) =>
    nats.connect({ process }),
  );
  await timeline.run(never, 10);
  const [one, other] = await Promise.all(connecting);
  if (one === undefined || other === undefined) throw new Error('nobody connected');
  const asked = async () => {
    const asking = other.request('question').then(
      () => 'answered',
      (error: unknown) => String(error),
    );
    await timeline.run(never, timeline.now + 1_100);
    return asking;
  };
  const pass = (ms: number) => timeline.run(never, timeline.now + ms);
  return { one, asked, pass };
}

const answering = {
  queue: 'all',
  callback: (_: Error | null, message: { respond: () => boolean }) => {
    message.respond();
  },
};

describe('a simulated connection', () => {
  it('takes with it what it was about to stop listening to', async () => {
    const { one, asked, pass } = await pair();
    const heard = one.subscribe('question', answering);
    expect(await asked()).toBe('answered');
    heard.unsubscribe(); // On its way when the process is killed.
    one.process.kill();
    one.reset();
    await pass(10);
    expect(await asked()).toMatch(/no responders/i);
  });

  it('says what it wants to hear when a cut is over that nobody noticed', async () => {
    const { one, asked, pass } = await pair();
    one.cut('up');
    const heard = one.subscribe('question', answering);
    await pass(100);
    one.heal();
    await pass(10);
    expect(await asked()).toBe('answered');

    one.cut('up');
    heard.unsubscribe();
    await pass(100);
    one.heal();
    await pass(10);
    expect(await asked()).toMatch(/no responders/i);
  });
});
