import { cpus, loadavg, totalmem } from 'node:os';

/** Where and when it was measured, in one line. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${new Date().toISOString().slice(0, 10)}, Bun ${Bun.version}, ${process.platform}, ${cpus().length} × ${model}, ${memory}, load ${load} at the end`;
}
