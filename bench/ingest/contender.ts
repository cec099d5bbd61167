import type { Headers, LoadJob } from '../load/jobs';
import type { ProcessCost } from '../servers/process-cost';

/** Something that takes in products; all of them get the same bytes from the same client. */
export interface Contender {
  readonly name: string;
  /** What others are compared with. */
  readonly isLimit: boolean;
  /** Of the server that is measured; null where the store itself is what answers. */
  readonly cost: ProcessCost | null;
  /** Prepares one burst. */
  job(products: number, concurrency: number): LoadJob;
}

/** Products by multipart, at a server that may be the app. */
export function uploadTo(
  name: string,
  url: string,
  server: { readonly cost: ProcessCost; readonly sellers: readonly Headers[] },
): Contender {
  const { cost, sellers } = server;
  return {
    name,
    isLimit: false,
    cost,
    job: (products, concurrency) => ({ kind: 'products', url, sellers, products, concurrency }),
  };
}
