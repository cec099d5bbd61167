import type { Queue } from 'pg-boss';

/** Every queue of this system. One that is added here is made by the next `migrate`. */
export const QUEUES = {
  /**
   * One sweep at a time over all instances: a second one is not even queued. So one whose process died, or lost the database
   * before it could say how it ended, must not count for long: it is over when its heartbeat is.
   */
  sweep: {
    policy: 'exclusive',
    retryLimit: 0,
    expireInSeconds: 900,
    heartbeatSeconds: 30,
    deleteAfterSeconds: 3600,
  },
  /** It may have much to read; what its process leaves by dying, the next run takes up. */
  scrub: {
    policy: 'exclusive',
    retryLimit: 0,
    expireInSeconds: 21_600,
    heartbeatSeconds: 60,
    deleteAfterSeconds: 86_400,
  },
  /** It may have much to list; what its process leaves by dying, the next run takes up. */
  audit: {
    policy: 'exclusive',
    retryLimit: 0,
    expireInSeconds: 43_200,
    heartbeatSeconds: 60,
    deleteAfterSeconds: 86_400,
  },
  retention: {
    policy: 'exclusive',
    retryLimit: 0,
    expireInSeconds: 3600,
    heartbeatSeconds: 60,
    deleteAfterSeconds: 86_400,
  },
} as const satisfies Record<string, Omit<Queue, 'name'>>;

export type QueueName = keyof typeof QUEUES;
