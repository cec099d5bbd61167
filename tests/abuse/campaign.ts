import { until } from '../support/server';
import type { Attack } from './attacks';
import { type Fared, quantile } from './legitimate';
import { NOTHING_REMAINS, type Site } from './site';
import type { Seen } from './wire';

export interface Outcome {
  readonly attack: string;
  readonly seconds: number;
  /** How often each answer was given, as `status CODE`. */
  readonly answers: ReadonlyMap<string, number>;
  readonly fared: Fared;
  /** MiB of the server: before, at most so far, and after. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
  /** Every promise that was not kept. */
  readonly problems: readonly string[];
}

const MIB = 1024;
// a sweep comes every minute, for what a refusal could not delete itself
const CLEAN_WITHIN_MS = 90_000;

/** One attack beside a seller who behaves, and what is left of it. */
export async function play(site: Site, attack: Attack): Promise<Outcome> {
  const before = await site.memory();
  const startedAt = performance.now();
  let seen: Seen[] = [];
  const fared = await site.beside(async () => {
    seen = await attack.run(site);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const answers = new Map<string, number>();
  for (const { status, code } of seen) {
    const name = code === null ? String(status) : `${status} ${code}`;
    answers.set(name, (answers.get(name) ?? 0) + 1);
  }
  const problems = [
    ...problemsOf(attack, seen, answers),
    ...fared.failed.map((what) => `a seller who behaves: ${what}`),
  ];
  const remains = () => site.remains();
  await until(async () => Bun.deepEquals(await remains(), NOTHING_REMAINS), 'nothing remains', CLEAN_WITHIN_MS).catch(
    async () => problems.push(`it left ${JSON.stringify(await remains())}`),
  );
  const after = await site.memory();
  const memory = { before: before.now / MIB, peak: after.peak / MIB, after: after.now / MIB };
  return { attack: attack.name, seconds, answers, fared, memory, problems };
}

function problemsOf(attack: Attack, seen: readonly Seen[], answers: ReadonlyMap<string, number>): string[] {
  const unexpected = [...answers].filter(([answer]) => !attack.expected.includes(answer));
  const silent = seen.filter(({ status, retryAfter }) => (status === 429 || status === 503) && !retryAfter).length;
  return [
    ...unexpected.map(([answer, times]) => `${times} were answered ${answer}`),
    ...(silent > 0 ? [`${silent} were not told when to come again`] : []),
  ];
}

/** Markdown, as docs/performance.md keeps it. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const ms = (times: readonly number[] | undefined, share: number) => Math.round(quantile(times ?? [], share));
  const row = ({ attack, seconds, answers, fared: { took }, memory }: Outcome) => [
    attack,
    Math.round(seconds),
    [...answers].map(([answer, times]) => `${times} × ${answer}`).join(', '),
    `${ms(took.get('read'), 0.5)}, ${ms(took.get('read'), 0.99)}`,
    `${ms(took.get('upload'), 0.5)}, ${ms(took.get('upload'), 0.99)}`,
    `${ms(took.get('login'), 0.5)}, ${ms(took.get('login'), 0.99)}`,
    `${Math.round(memory.before)} → ${Math.round(memory.after)}, at most ${Math.round(memory.peak)}`,
  ];
  return [
    '| attack | s | answers | read p50, p99 ms | upload p50, p99 ms | login p50, p99 ms | memory MiB |',
    '|---|--:|---|--:|--:|--:|---|',
    ...outcomes.map((outcome) => `| ${row(outcome).join(' | ')} |`),
  ].join('\n');
}
