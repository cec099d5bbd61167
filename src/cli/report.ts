import type { CommandInput } from './command';

type Cell = string | number | boolean | null;
export type Report = Readonly<Record<string, Cell | Readonly<Record<string, number>>>>;

/** The flag that every command of upkeep takes. */
export const JSON_FLAG = 'json';

/** Names and values of one report: as one line of JSON with `--json`, else as a table. */
export function printReport({ flags, print }: Pick<CommandInput, 'flags' | 'print'>, report: Report): void {
  if (flags.has(JSON_FLAG)) {
    print(JSON.stringify(report));
    return;
  }
  const rows = Object.entries(report).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? Object.entries(value) : [[name, value] as const],
  );
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) print(`${name.padEnd(width)}  ${shown(value)}`);
}

/** Many rows of the same columns: one line of JSON each with `--json`, else a table with a head. */
export function printRows(
  { flags, print }: Pick<CommandInput, 'flags' | 'print'>,
  columns: readonly string[],
  rows: readonly Report[],
): void {
  if (flags.has(JSON_FLAG)) {
    for (const row of rows) print(JSON.stringify(row));
    return;
  }
  const lines = [columns, ...rows.map((row) => columns.map((column) => shown(row[column] ?? null)))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  for (const line of lines)
    print(
      line
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

function shown(value: Cell | Readonly<Record<string, number>>): string {
  if (value === null) return '-';
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, count]) => `${name}=${count}`)
    .join(' ');
}
