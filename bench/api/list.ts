import type { LoadClient } from '../load/load-client';
import { median, percentile } from '../report/statistics';
import { short, table } from '../report/table';
import type { App } from '../servers/app';

const CALLS_A_TURN = 200;
const TURNS = 21;

export interface Seller {
  readonly app: App;
  readonly products: number;
}

/**
 * Pages of 20, one request at a time, of two sellers in turns. The ratio is the middle one of the turns' own, and so are the times:
 * what disturbs the machine for a while falls on both, and what disturbs it for a moment is in few of them.
 * @returns a table
 */
export async function measureLists(small: Seller, large: Seller, client: LoadClient): Promise<string> {
  const middle = { small: await cursorInTheMiddle(small), large: await cursorInTheMiddle(large) };
  const pages = [
    { name: 'first page', small: '', large: '' },
    { name: 'first page of a status', small: '?status=ready', large: '?status=ready' },
    { name: 'page in the middle', small: `?cursor=${middle.small}`, large: `?cursor=${middle.large}` },
  ];
  const rows: string[][] = [];
  for (const page of pages) {
    const few: (readonly number[])[] = [];
    const many: (readonly number[])[] = [];
    // the first turn is for the compiler and the caches
    for (let turn = -1; turn < TURNS; turn += 1) {
      const pair = [
        [small, page.small, few],
        [large, page.large, many],
      ] as const;
      // each goes first as often as second
      for (const [seller, query, latencies] of turn % 2 === 0 ? pair : pair.toReversed()) {
        const done = await latenciesOf(seller.app, query, client);
        if (turn >= 0) latencies.push(done);
      }
    }
    for (const share of [0.5, 0.99]) {
      const [a, b] = [ofTurns(few, share), ofTurns(many, share)];
      const ratio = median(a.map((latency, turn) => (b[turn] ?? Number.NaN) / latency));
      rows.push([`${page.name}, p${share * 100}`, short(median(a)), short(median(b)), short(ratio)]);
    }
  }
  const count = (seller: Seller) => seller.products.toLocaleString('en');
  return table(['', `ms, ${count(small)} products`, `ms, ${count(large)} products`, 'ratio'], rows);
}

function ofTurns(turns: readonly (readonly number[])[], share: number): readonly number[] {
  return turns.map((latencies) => percentile(latencies, share));
}

async function latenciesOf(app: App, query: string, client: LoadClient): Promise<readonly number[]> {
  const url = `${app.url}/api/products${query}`;
  const job = { kind: 'calls', url, headers: app.headers, count: CALLS_A_TURN, concurrency: 1 } as const;
  return (await client.run(job)).latenciesMs;
}

async function cursorInTheMiddle({ app, products }: Seller): Promise<string> {
  const url = `${app.url}/api/products?limit=1&offset=${Math.floor(products / 2)}`;
  const page = (await (await fetch(url, { headers: app.headers })).json()) as { next_cursor: string; total: number };
  if (page.total !== products) throw new Error(`the seller has ${page.total} products, not ${products}`);
  return encodeURIComponent(page.next_cursor);
}
