import { connect, type TLSSocket } from 'node:tls';

/** One connection by TLS, kept open, whose bytes are ours to send. */
export interface TlsConnection {
  readonly protocol: string | null;
  /** Of the certificate that the server has shown. */
  readonly commonName: string;
  readonly closed: () => boolean;
  send(text: string): void;
  /** All that has come since the last time, once it holds this. */
  until(text: string): Promise<string>;
  close(): void;
}

/** @throws Error where the handshake fails, or the certificate is not of this authority */
export async function tlsConnection(port: number, ca: string, servername = 'localhost'): Promise<TlsConnection> {
  const socket = connect({ host: '127.0.0.1', port, servername, ca });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  let received = '';
  let closed = false;
  socket.on('data', (bytes) => (received += bytes.toString('latin1')));
  socket.on('error', () => undefined).on('close', () => (closed = true));
  return {
    protocol: socket.getProtocol(),
    commonName: commonNameOf(socket),
    closed: () => closed,
    send: (text) => void socket.write(text),
    async until(text) {
      while (!received.includes(text)) {
        if (closed) throw new Error(`closed before ${text}: ${received}`);
        await Bun.sleep(5);
      }
      const all = received;
      received = '';
      return all;
    },
    close: () => void socket.destroy(),
  };
}

function commonNameOf(socket: TLSSocket): string {
  return String(socket.getPeerCertificate().subject?.CN);
}
