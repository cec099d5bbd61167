import { expect, test } from 'bun:test';
import { measured } from './measured';
import { createMetrics } from './metrics';

class Store {
  #bytes = 3;
  readonly kind = 'disk';
  async put(amount: number): Promise<number> {
    this.#bytes += amount;
    return this.#bytes;
  }
  async get(): Promise<never> {
    throw new Error('gone');
  }
  size(): number {
    return this.#bytes;
  }
}

test('a measured object does what it did, and its operations are recorded with their outcome', async () => {
  const metrics = createMetrics();
  const store = measured(new Store(), ['put', 'get'], metrics.storeOperation);
  expect(await store.put(4)).toBe(7);
  expect(store.size()).toBe(7);
  expect(store.kind).toBe('disk');
  expect(store.get()).rejects.toThrow('gone');
  await Bun.sleep(0);
  const text = await metrics.render();
  expect(text).toContain('store_operation_duration_seconds_count{operation="put",outcome="ok"} 1');
  expect(text).toContain('store_operation_duration_seconds_count{operation="get",outcome="error"} 1');
  expect(text).not.toContain('operation="size"');
});

test('a collected gauge asks at each scrape, and is left out where asking fails', async () => {
  const metrics = createMetrics();
  let states: Record<string, number> | null = { open: 2, tombstone: 5 };
  metrics.collected('intents_outstanding', 'Intents by state.', 'state', async () => {
    if (!states) throw new Error('database down');
    return states;
  });
  expect(await metrics.render()).toContain('intents_outstanding{state="tombstone"} 5');
  states = { open: 1 };
  const next = await metrics.render();
  expect(next).toContain('intents_outstanding{state="open"} 1');
  expect(next).not.toContain('tombstone');
  states = null;
  const down = await metrics.render();
  expect(down).not.toContain('intents_outstanding{');
  expect(down).toContain('process_cpu_seconds_total');
});

test('no metric is shown that Bun answers wrongly', async () => {
  expect(await createMetrics().render()).not.toMatch(/process_heap_bytes|nodejs_active_|nodejs_heap_space/);
});

test('ingested bytes add up', async () => {
  const metrics = createMetrics();
  metrics.ingested(10);
  metrics.ingested(5);
  expect(await metrics.render()).toContain('ingest_bytes_total 15');
});
