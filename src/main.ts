import { banner } from './banner';
import { ConfigError, loadSettings, type Settings } from './config/load';
import { SchemaMismatch } from './platform/database/migrate';
import { CertificateUnusable } from './platform/http/tls/certificate';
import { createLog } from './platform/telemetry/log';
import { startServer } from './server';
import { stopOnSignal } from './stop-on-signal';

await main();

async function main(): Promise<void> {
  const settings = settingsOrExit();
  const log = createLog(settings.LOG_LEVEL);
  try {
    const server = await startServer(settings, log);
    stopOnSignal(log, server.stop);
    if (settings.TLS_CERT_FILE !== undefined) process.on('SIGHUP', () => void server.reloadCertificate());
    if (settings.NODE_ENV === 'production') log.info({ url: server.url, port: server.port }, 'serving');
    else process.stdout.write(banner(settings, server));
  } catch (error) {
    if (error instanceof SchemaMismatch || error instanceof CertificateUnusable) fail(error.message);
    if (isPortTaken(error))
      fail(`Port ${settings.PORT} is in use: stop what listens there, or set PORT to another one.`);
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

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
