import type { LoadClient } from '../load/load-client';
import { median } from '../report/statistics';
import { short, table } from '../report/table';
import type { App } from '../servers/app';

/** The same procedures by both doors, in turns. @returns a table */
export async function measureDoors(app: App, client: LoadClient, concurrency: number, rounds: number): Promise<string> {
  const id = await anyProduct(app);
  const input = encodeURIComponent(JSON.stringify({ id }));
  const procedures = [
    { name: 'users.me', calls: 2000, rest: '/api/users/me', trpc: '/trpc/users.me' },
    { name: 'products.get', calls: 800, rest: `/api/products/${id}`, trpc: `/trpc/products.get?input=${input}` },
    { name: 'products.list', calls: 400, rest: '/api/products', trpc: '/trpc/products.list' },
  ];
  const rows: string[][] = [];
  for (const { name, calls, rest, trpc } of procedures) {
    const rates = await inTurns(app, client, { paths: [rest, trpc], calls, concurrency, rounds });
    const [byRest = Number.NaN, byTrpc = Number.NaN] = rates;
    rows.push([name, short(byRest), short(byTrpc), short(byRest / byTrpc)]);
  }
  return table(['', 'REST requests/s', 'tRPC requests/s', 'ratio'], rows);
}

interface Turns {
  readonly paths: readonly string[];
  /** Of each turn: about a second's worth. */
  readonly calls: number;
  readonly concurrency: number;
  readonly rounds: number;
}

/** @returns requests per second of each path, the median of the rounds */
async function inTurns(app: App, client: LoadClient, turns: Turns): Promise<number[]> {
  const { paths, calls: count, concurrency } = turns;
  const rates = paths.map((): number[] => []);
  // the first round is for the compiler
  for (let round = -1; round < turns.rounds; round += 1) {
    for (const [index, path] of paths.entries()) {
      const job = { kind: 'calls', url: app.url + path, headers: app.headers, count, concurrency } as const;
      const { seconds } = await client.run(job);
      if (round >= 0) rates[index]?.push(count / seconds);
    }
  }
  return rates.map(median);
}

async function anyProduct(app: App): Promise<string> {
  const answer = await fetch(`${app.url}/api/products?limit=1`, { headers: app.headers });
  const { products } = (await answer.json()) as { products: { id: string }[] };
  if (!products[0]) throw new Error('the seller has no product');
  return products[0].id;
}
