/** The load process: `bun bench/load/process.ts <photo…>`; jobs come by IPC, results go back. */
import type { LoadJob } from './jobs';
import { runJob } from './run-job';

const photos = await Promise.all(process.argv.slice(2).map((path) => Bun.file(path).bytes()));

process.on('message', async (job: LoadJob) => {
  try {
    process.send?.({ ok: await runJob(job, photos) });
  } catch (error) {
    process.send?.({ failed: error instanceof Error ? error.message : String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true });
