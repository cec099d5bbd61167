import { banner } from './banner';
import { ConfigError, loadSettings, type Settings } from './config/load';
import { SchemaMismatch } from './platform/database/migrate';
import { createLog } from './platform/telemetry/log';
import { startServer } from './server';

await main();

async function main(): Promise<void> {
  const settings = settingsOrExit();
  const log = createLog(settings.LOG_LEVEL);
  try {
    const server = await startServer(settings, log);
    if (settings.NODE_ENV === 'production') log.info({ url: server.url, port: server.port }, 'serving');
    else process.stdout.write(banner(settings, server));
    stopOnSignal(log, server.stop);
  } catch (error) {
    if (error instanceof SchemaMismatch) fail(error.message);
    log.error({ err: error }, 'the server could not start');
    process.exit(1);
  }
}

function settingsOrExit(): Settings {
  try {
    return loadSettings(process.env);
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message);
    throw error;
  }
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** The first signal stops in phases; a second one does not wait. */
function stopOnSignal(log: ReturnType<typeof createLog>, stop: () => Promise<number>): void {
  let stopping = false;
  const onSignal = async (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    const cutOff = await stop().catch((error) => {
      log.error({ err: error }, 'the stop failed half way');
      process.exit(1);
    });
    log.info({ requests_cut_off: cutOff }, 'stopped');
    process.exit(0);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
