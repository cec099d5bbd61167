import { join } from 'node:path';
import type { LimitLoop } from './limit-process';
import type { Pace } from './pace';

type Message = { ready: true } | { seconds: number; cpuSeconds: number };

/** Decodes and encodes in a process of the same kind and priority as the app's decoders. */
export async function startLimit(photos: readonly string[]) {
  let answer = Promise.withResolvers<Message>();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'limit-process.ts'), ...photos], {
    ipc: (message: Message) => answer.resolve(message),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  process.once('exit', () => child.kill());
  await answer.promise;
  return {
    async run(images: number, loop: LimitLoop): Promise<Pace> {
      answer = Promise.withResolvers();
      child.send({ images, loop });
      const message = await answer.promise;
      if ('ready' in message) throw new Error('the limit answered out of turn');
      return { images, ...message };
    },
    stop: () => child.kill(),
  };
}
