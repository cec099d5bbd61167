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
  /**
   * A product whose images are to be decoded, named by its key: one of it is queued and one is active at most, so images that are
   * added while it is being prepared get a job of their own. It is repeated without end: only a verdict ends it, and that is no
   * failure of the job. When a process dies, its jobs are another's as soon as their heartbeat has ended.
   */
  prepare: {
    policy: 'stately',
    retryLimit: 1_000_000,
    retryDelay: 2,
    retryBackoff: true,
    retryDelayMax: 300,
    expireInSeconds: 3600,
    heartbeatSeconds: 30,
    deleteAfterSeconds: 60,
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
  /** It may have much to copy; where its process dies, its lease on the target ends and the next run begins anew. */
  backup: {
    policy: 'exclusive',
    retryLimit: 0,
    expireInSeconds: 86_400,
    heartbeatSeconds: 60,
    deleteAfterSeconds: 86_400,
  },
  backup_verify: {
    policy: 'exclusive',
    retryLimit: 0,
    expireInSeconds: 86_400,
    heartbeatSeconds: 60,
    deleteAfterSeconds: 86_400,
  },
  backup_prune: {
    policy: 'exclusive',
    retryLimit: 0,
    expireInSeconds: 86_400,
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
  /** It restores everything; one whose process died leaves what the next one removes. */
  backup_drill: {
    policy: 'exclusive',
    retryLimit: 0,
    expireInSeconds: 86_400,
    heartbeatSeconds: 60,
    deleteAfterSeconds: 86_400,
  },
} as const satisfies Record<string, Omit<Queue, 'name'>>;

export type QueueName = keyof typeof QUEUES;
