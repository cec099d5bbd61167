import type { Sample } from './sampler';

export interface Figure {
  readonly first: number;
  readonly last: number;
  readonly most: number;
  /** Of the straight line nearest to all samples, by the hour. */
  readonly slope: number;
}

export type Figures = Readonly<Record<'memoryBytes' | 'descriptors' | 'connections', Figure>>;

/**
 * Of what was sampled after the warm-up, its first and its last third: medians, so that no single moment decides; of memory the least,
 * which is what is left when garbage has just been collected.
 */
export function figuresOf(samples: readonly Sample[], warmUpSeconds: number): Figures {
  const warm = samples.filter(({ at }) => at >= warmUpSeconds);
  const figure = (name: keyof Figures) => {
    const points = warm.map((one) => [one.at, one[name]] as const);
    const third = Math.max(1, Math.floor(points.length / 3));
    const values = points.map(([, value]) => value);
    const typical = (some: readonly number[]) => (name === 'memoryBytes' ? Math.min(...some) : median(some));
    return {
      first: typical(values.slice(0, third)),
      last: typical(values.slice(-third)),
      most: Math.max(...values),
      slope: slopeOf(points) * 3600,
    };
  };
  return { memoryBytes: figure('memoryBytes'), descriptors: figure('descriptors'), connections: figure('connections') };
}

const MIB = 2 ** 20;

/** What grew, in words; nothing where all is flat. The allowances are what a garbage collector and a pool do by themselves. */
export function growthOf({ memoryBytes, descriptors, connections }: Figures): string[] {
  const grew: string[] = [];
  if (memoryBytes.last > memoryBytes.first * 1.1 + 16 * MIB) {
    grew.push(`memory: ${mib(memoryBytes.first)} → ${mib(memoryBytes.last)} MiB`);
  }
  if (descriptors.last > descriptors.first + 8) grew.push(`descriptors: ${descriptors.first} → ${descriptors.last}`);
  if (connections.last > connections.first + 3) grew.push(`connections: ${connections.first} → ${connections.last}`);
  return grew;
}

/** Markdown, as docs/soak.md keeps it. */
export function tableOf({ memoryBytes, descriptors, connections }: Figures): string {
  const line = (name: string, { first, last, most, slope }: Figure, show: (value: number) => string) =>
    `| ${[name, show(first), show(last), show(most), show(slope)].join(' | ')} |`;
  const whole = (value: number) => String(Math.round(value * 10) / 10);
  return [
    '| | first third | last third | at most | slope by the hour |',
    '|---|---|---|---|---|',
    line('memory (RSS, least), MiB', memoryBytes, mib),
    line('file descriptors', descriptors, whole),
    line('PostgreSQL connections', connections, whole),
  ].join('\n');
}

const mib = (bytes: number) => (bytes / MIB).toFixed(1);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Least squares. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
