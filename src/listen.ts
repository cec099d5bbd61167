import { type AppParts, createApp } from './app';
import { hstsMaxAgeOf } from './config/derive';
import type { Settings } from './config/load';
import type { Log } from './kernel/log';
import { type Certificate, readCertificate } from './platform/http/tls/certificate';
import { CertificateWatch } from './platform/http/tls/certificate-watch';
import { Listener } from './platform/http/tls/listener';

export interface Listening {
  readonly listener: Listener;
  /** Looks at once whether the certificate was renewed. */
  reloadCertificate(): Promise<void>;
  stopWatching(): void;
}

type Doors = Omit<AppParts, 'corsOrigins' | 'trustedProxy' | 'hstsMaxAge' | 'metricsToken' | 'isLeaving'>;

/** By TLS where there is a certificate. @throws CertificateUnusable */
export async function certificateOf({ TLS_CERT_FILE, TLS_KEY_FILE }: Settings): Promise<Certificate | null> {
  if (TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined) return null;
  return readCertificate({ certFile: TLS_CERT_FILE, keyFile: TLS_KEY_FILE });
}

/** The doors, open: behind plain HTTP, or TLS whose certificate is renewed while they stay open. */
export function listen(settings: Settings, certificate: Certificate | null, doors: Doors): Listening {
  const { log, metrics } = doors;
  const app = createApp({
    ...doors,
    corsOrigins: settings.CORS_ORIGINS,
    trustedProxy: settings.TRUSTED_PROXIES.length > 0,
    hstsMaxAge: hstsMaxAgeOf(settings),
    metricsToken: settings.METRICS_TOKEN,
    isLeaving: (server) => listener.isLeaving(server),
  });
  const listener: Listener = new Listener({
    app,
    hostname: settings.HOST,
    port: settings.PORT,
    ...(certificate ? { tls: { certificate, allowTls12: settings.ALLOW_TLS_1_2 } } : {}),
  });
  const watch = certificate && watchOf(settings, certificate, listener, log);
  if (!watch) return { listener, reloadCertificate: async () => undefined, stopWatching: () => undefined };
  watch.start();
  metrics.collected(
    'tls_certificate_expires_timestamp_seconds',
    'When the certificate that is served expires.',
    'names',
    async () => ({ [watch.served.names]: watch.served.expiresAt.getTime() / 1000 }),
  );
  return { listener, reloadCertificate: () => watch.look(), stopWatching: () => watch.stop() };
}

function watchOf(settings: Settings, served: Certificate, listener: Listener, log: Log): CertificateWatch {
  const files = { certFile: settings.TLS_CERT_FILE ?? '', keyFile: settings.TLS_KEY_FILE ?? '' };
  return new CertificateWatch({ files, served, replace: (renewed) => listener.replace(renewed), log });
}
