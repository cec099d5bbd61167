import pino, { type DestinationStream } from 'pino';
import type { Log } from '../../kernel/log';
import { redacted } from './redact';
import { safeText } from './safe-text';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/**
 * JSON lines on standard output, with ISO times and the level's name. Everything passes `redacted` first, whoever logs it.
 * @param to for tests
 */
export function createLog(level: LogLevel, to?: DestinationStream): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // pino's own would write errors' causes and fields again, past the redaction
      serializers: { err: (seen: unknown) => seen },
      formatters: { level: (label) => ({ level: label }) },
    },
    to ?? standardOutput(),
  );
  return {
    debug: (fields, message) => logger.isLevelEnabled('debug') && logger.debug(redacted(fields), safeText(message)),
    info: (fields, message) => logger.isLevelEnabled('info') && logger.info(redacted(fields), safeText(message)),
    warn: (fields, message) => logger.isLevelEnabled('warn') && logger.warn(redacted(fields), safeText(message)),
    error: (fields, message) => logger.isLevelEnabled('error') && logger.error(redacted(fields), safeText(message)),
  };
}

/** Bytes of lines that wait while they cannot be written; what comes beyond them is dropped. */
const MOST_WAITING_BYTES = 1 << 20;

/**
 * Synchronous, so that the last lines before a crash are there. Where it cannot be written (a full disk, a terminal that was closed)
 * lines are lost, never a request: without a listener each of them would throw into the request that logs it.
 */
function standardOutput(): DestinationStream {
  const output = pino.destination({ fd: 1, sync: true, maxLength: MOST_WAITING_BYTES });
  output.on('error', () => undefined);
  return output;
}

/** The same log with the same fields on every line. */
export function logWith(log: Log, fields: object): Log {
  return {
    debug: (more, message) => log.debug({ ...fields, ...more }, message),
    info: (more, message) => log.info({ ...fields, ...more }, message),
    warn: (more, message) => log.warn({ ...fields, ...more }, message),
    error: (more, message) => log.error({ ...fields, ...more }, message),
  };
}
