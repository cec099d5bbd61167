import { expect, test } from 'bun:test';
import { WeightedSlots } from './weighted-slots';

/** Tasks that end when they are told, and what runs just now. */
function tasks(slots: WeightedSlots) {
  const running = new Set<string>();
  const ends = new Map<string, () => void>();
  const begin = (name: string, alone = false) =>
    slots.run(alone, async () => {
      running.add(name);
      await new Promise<void>((end) => ends.set(name, end));
      running.delete(name);
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await Bun.sleep(0);
  };
  return { begin, end, running: () => [...running].join() };
}

test('so many run at once, and the others come in their order', async () => {
  const { begin, end, running } = tasks(new WeightedSlots(2));
  const all = ['a', 'b', 'c', 'd'].map((name) => begin(name));
  await Bun.sleep(0);
  expect(running()).toBe('a,b');
  await end('b');
  expect(running()).toBe('a,c');
  for (const name of ['a', 'c', 'd']) await end(name);
  await Promise.all(all);
});

test('one that is to be alone waits for those before it, and nobody passes it', async () => {
  const { begin, end, running } = tasks(new WeightedSlots(2));
  const all = [begin('a'), begin('alone', true), begin('b')];
  await Bun.sleep(0);
  expect(running()).toBe('a');
  await end('a');
  expect(running()).toBe('alone');
  await end('alone');
  expect(running()).toBe('b');
  await end('b');
  await Promise.all(all);
});

test('one that throws gives its slot back', async () => {
  const slots = new WeightedSlots(1);
  await expect(slots.run(true, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await slots.run(false, () => Promise.resolve('next'))).toBe('next');
});
