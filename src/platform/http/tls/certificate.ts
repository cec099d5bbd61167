import { createPrivateKey, X509Certificate } from 'node:crypto';

export interface CertificateFiles {
  /** PEM: the server's certificate, then those that lead to its authority. */
  readonly certFile: string;
  /** PEM: its private key, without a passphrase. */
  readonly keyFile: string;
}

export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of the server's certificate. */
  readonly fingerprint: string;
  readonly names: string;
  readonly expiresAt: Date;
}

/** The message says which file and what is the matter, and nothing of what is in the key. */
export class CertificateUnusable extends Error {
  override readonly name = 'CertificateUnusable';
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * Reads both files and tries whether they go together: a renewal writes one after the other, and may be read between.
 * @throws CertificateUnusable
 */
export async function readCertificate({ certFile, keyFile }: CertificateFiles): Promise<Certificate> {
  const [cert, key] = await Promise.all([read('TLS_CERT_FILE', certFile), read('TLS_KEY_FILE', keyFile)]);
  const [own] = certificatesIn(cert, certFile);
  if (!own) throw new CertificateUnusable(`TLS_CERT_FILE: no certificate in PEM form is in ${certFile}`);
  if (!own.checkPrivateKey(privateKeyIn(key, keyFile))) {
    throw new CertificateUnusable(
      `TLS_KEY_FILE: ${keyFile} is not the key of the first certificate in TLS_CERT_FILE, ${certFile}`,
    );
  }
  const names = own.subjectAltName ?? own.subject;
  return { cert, key, fingerprint: own.fingerprint256, names, expiresAt: new Date(own.validTo) };
}

async function read(variable: string, path: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new CertificateUnusable(`${variable}: ${path} can't be read (${why})`, { cause: error });
  }
}

/** All of them: one that is cut off in the middle of the chain would be found by clients alone. */
function certificatesIn(pem: string, path: string): X509Certificate[] {
  const begun = pem.split('-----BEGIN CERTIFICATE-----').length - 1;
  const whole = pem.match(PEM_CERTIFICATE) ?? [];
  if (whole.length !== begun) throw new CertificateUnusable(`TLS_CERT_FILE: ${path} ends within a certificate`);
  try {
    return whole.map((text) => new X509Certificate(text));
  } catch (error) {
    throw new CertificateUnusable(`TLS_CERT_FILE: ${path} holds something that is no certificate`, { cause: error });
  }
}

function privateKeyIn(pem: string, path: string) {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new CertificateUnusable(`TLS_KEY_FILE: no private key without a passphrase, in PEM form, is in ${path}`, {
      cause: error,
    });
  }
}
