import type { Queue } from 'pg-boss';

/** Every queue of this system. One that is added here is made by the next `migrate`. */
export const QUEUES = {
  /** One sweep at a time over all instances: a second one is not even queued. */
  sweep: { policy: 'exclusive', retryLimit: 0, expireInSeconds: 900, deleteAfterSeconds: 3600 },
} as const satisfies Record<string, Omit<Queue, 'name'>>;

export type QueueName = keyof typeof QUEUES;
