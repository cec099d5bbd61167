import { connect } from 'node:net';
import { createServer } from 'node:tls';
import type { IssuedCertificate } from './certificates';

export interface TlsProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** Ends TLS before a server that speaks none; what goes through is left as it is, the Host header too. */
export async function startTlsProxy(target: string, { certFile, keyFile }: IssuedCertificate): Promise<TlsProxy> {
  const { hostname, port } = new URL(target);
  const [cert, key] = await Promise.all([Bun.file(certFile).text(), Bun.file(keyFile).text()]);
  const server = createServer({ cert, key }, (outer) => {
    const inner = connect(Number(port), hostname);
    outer.on('error', () => inner.destroy()).on('close', () => inner.destroy());
    inner.on('error', () => outer.destroy()).on('close', () => outer.destroy());
    outer.pipe(inner).pipe(outer);
  });
  // a client that does not trust it breaks the handshake off
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
