/** An hour: whoever waits longer than that is better served by a retry of the seller's own. */
const LONGEST_SECONDS = 3600;

/**
 * How long a failed item waits before it may be claimed again: twice as long after each attempt.
 * @param baseSeconds WORK_RETRY_BASE_SECONDS
 * @param attempt the one that failed, from 1
 */
export function retryDelaySeconds(baseSeconds: number, attempt: number): number {
  return Math.min(LONGEST_SECONDS, baseSeconds * 2 ** (attempt - 1));
}
