import { HttpConnection, type PreparedRequest } from './http-connection';
import type { DirectJob, LoadJob, LoadResult } from './jobs';
import { head, put, requireSuccess } from './requests';
import { runDirectJob } from './run-direct-job';

interface Prepared {
  /** For each product or call, its requests in order. */
  readonly tasks: readonly (readonly PreparedRequest[])[];
  readonly url: URL;
  readonly concurrency: number;
}

const BOUNDARY = 'bench-e5c1f0a7d2';

/** Runs a job and takes its time. @throws at the first answer that is not a success */
export async function runJob(job: LoadJob, photos: readonly Uint8Array[]): Promise<LoadResult> {
  if (job.kind === 'direct') return await runDirectJob(job, photos);
  const { tasks, url, concurrency } = prepare(job, photos);
  const connections = await Promise.all(
    Array.from({ length: concurrency }, () => HttpConnection.open(url, job.uplinkBytesPerSecond)),
  );
  const latenciesMs: number[] = [];
  let next = 0;
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      for (let task = tasks[next++]; task; task = tasks[next++]) {
        const since = performance.now();
        for (const request of task) requireSuccess(await connection.send(request));
        latenciesMs.push(performance.now() - since);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  for (const connection of connections) connection.close();
  return { seconds, latenciesMs, clientCpuSeconds: (user + system) / 1e6 };
}

function prepare(job: Exclude<LoadJob, DirectJob>, photos: readonly Uint8Array[]): Prepared {
  const { concurrency } = job;
  if (job.kind === 'puts') {
    const first = job.targets[0]?.[0];
    if (!first) throw new Error('a job without targets');
    const tasks = job.targets.map((targets) => targets.map((target, index) => put(target, photos[index])));
    return { tasks, url: new URL(first.url), concurrency };
  }
  const url = new URL(job.url);
  if (job.kind === 'calls') {
    const call = { head: head('GET', url, job.headers), body: null };
    return { tasks: Array.from({ length: job.count }, () => [call]), url, concurrency };
  }
  const body = multipart(photos);
  const type = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, 'content-length': String(body.length) };
  const requests = job.sellers.map((headers) => ({ head: head('POST', url, { ...headers, ...type }), body }));
  const inTurns = (index: number) => requests.slice(index % requests.length).slice(0, 1);
  return { tasks: Array.from({ length: job.products }, (_, index) => inTurns(index)), url, concurrency };
}

function multipart(photos: readonly Uint8Array[]): Uint8Array {
  const part = (disposition: string) => `--${BOUNDARY}\r\ncontent-disposition: form-data; ${disposition}`;
  const pieces = photos.flatMap((photo, index) => [
    Buffer.from(`${part(`name="images"; filename="${index}.jpg"`)}\r\ncontent-type: image/jpeg\r\n\r\n`),
    photo,
    Buffer.from('\r\n'),
  ]);
  const prompt = Buffer.from(`${part('name="prompt_text"')}\r\n\r\nUsed mountain bike, 26 inch, new tyres\r\n`);
  return Buffer.concat([prompt, ...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}
