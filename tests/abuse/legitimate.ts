import type { Seen } from './wire';
import { Wire } from './wire';

interface Step {
  readonly name: string;
  ask(): Promise<Seen>;
}

/** How a seller fared who behaves. */
export interface Fared {
  /** Milliseconds of each request, by what was asked. */
  readonly took: ReadonlyMap<string, readonly number[]>;
  /** `name: status code` of those that were not answered as they should have been. */
  readonly failed: readonly string[];
}

export interface Seller {
  readonly port: number;
  /** As the trusted proxy reports it, and the token. */
  readonly headers: Readonly<Record<string, string>>;
  /** A product of one photo, and its type. */
  readonly upload: Uint8Array;
  readonly uploadType: string;
  readonly login: { readonly email: string; readonly password: string };
}

const PAUSE_MS = 100;
/** One upload and one login to so many reads. */
const READS = 20;

/** Goes on reading, and now and then uploads and logs in, until it is stopped: what others do to the server must not touch it. */
export function legitimateSeller(seller: Seller): { stop(): Promise<Fared> } {
  const took = new Map<string, number[]>();
  const failed: string[] = [];
  const wire = new Wire(seller.port);
  const steps = stepsOf(seller, wire);
  let goesOn = true;
  const going = (async () => {
    for (let turn = 0; goesOn; turn += 1) {
      const step = steps[turn % steps.length];
      if (!step) return;
      const since = performance.now();
      const { status, code } = await step.ask();
      const times = took.get(step.name) ?? [];
      took.set(step.name, [...times, performance.now() - since]);
      if (status < 200 || status > 299) failed.push(`${step.name}: ${status} ${code}`);
      await Bun.sleep(PAUSE_MS);
    }
  })();
  return {
    async stop() {
      goesOn = false;
      await going;
      wire.close();
      return { took, failed };
    },
  };
}

function stepsOf({ headers, upload, uploadType, login }: Seller, wire: Wire): Step[] {
  const read = (path: string): Step => ({ name: 'read', ask: () => wire.ask({ path, headers }) });
  const reads = Array.from({ length: READS }, (_, index) =>
    read(index % 2 ? '/api/users/me' : '/api/products?limit=20'),
  );
  const body = Buffer.from(JSON.stringify(login));
  return [
    {
      name: 'upload',
      ask: () => wire.ask({ path: '/api/products', headers: { ...headers, 'content-type': uploadType }, body: upload }),
    },
    ...reads,
    {
      name: 'login',
      ask: () =>
        wire.ask({ path: '/api/auth/login', headers: { ...headers, 'content-type': 'application/json' }, body }),
    },
  ];
}

/** The value below which so great a share lies; 0 of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
