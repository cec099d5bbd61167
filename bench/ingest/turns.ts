import type { LoadClient } from '../load/load-client';
import { type Burst, runBurst } from './burst';
import type { Contender } from './contender';

/**
 * Bursts in turns: what disturbs the machine for a while disturbs all of them. Every other round goes backwards, and the store is
 * emptied before each burst and not before each round: a virtual machine gives memory that it has lent back at a price of 2 to 3
 * CPU seconds a gigabyte, and whoever always came second would always pay it (docs/performance.md).
 */
export async function inTurns(
  contenders: readonly Contender[],
  client: LoadClient,
  rounds: number,
  size: Parameters<typeof runBurst>[2],
  emptyStore: () => Promise<void>,
): Promise<Map<Contender, Burst[]>> {
  const bursts = new Map<Contender, Burst[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round += 1) {
    const turns = round % 2 === 0 ? [...bursts] : [...bursts].reverse();
    for (const [contender, done] of turns) {
      await emptyStore();
      done.push(await runBurst(contender, client, size));
    }
  }
  return bursts;
}
