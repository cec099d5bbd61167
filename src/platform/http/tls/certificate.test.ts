import { beforeAll, describe, expect, test } from 'bun:test';
import { createPrivateKey } from 'node:crypto';
import { type IssuedCertificate, type TestAuthority, testAuthority } from '../../../../tests/support/certificates';
import { CertificateUnusable, readCertificate } from './certificate';

let authority: TestAuthority;
let pair: IssuedCertificate;
beforeAll(async () => {
  authority = await testAuthority();
  pair = await authority.issue('server');
});

/** A file of its own beside the certificates, which go with them. */
async function written(text: string): Promise<string> {
  const path = `${authority.caFile}-${Bun.randomUUIDv7()}`;
  await Bun.write(path, text);
  return path;
}

const refused = (files: Partial<IssuedCertificate>) =>
  readCertificate({ ...pair, ...files }).then(
    () => 'taken',
    (error) => (error instanceof CertificateUnusable ? error.message : `another error: ${error}`),
  );

describe('a pair of certificate and key', () => {
  test('that go together is taken, with the chain behind it', async () => {
    const chain = await written((await Bun.file(pair.certFile).text()) + authority.ca);
    const { names, expiresAt } = await readCertificate({ ...pair, certFile: chain });
    expect(names).toBe('DNS:localhost, IP Address:127.0.0.1');
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now());
  });

  test.each([
    ['is not there', { certFile: '/nowhere/cert.pem' }, "TLS_CERT_FILE: /nowhere/cert.pem can't be read (ENOENT)"],
    ['has no key', { keyFile: '/nowhere/key.pem' }, "TLS_KEY_FILE: /nowhere/key.pem can't be read (ENOENT)"],
  ])('that %s is refused', async (_how, files, says) => {
    expect(await refused(files)).toBe(says);
  });

  test('that was cut off, or is something else, is refused with the name of its file', async () => {
    const cert = await Bun.file(pair.certFile).text();
    for (const [text, says] of [
      ['', 'no certificate in PEM form is in'],
      [cert.slice(0, 200), 'ends within a certificate'],
      [cert + cert.slice(0, 200), 'ends within a certificate'],
      [cert.replace(/MII/, 'AAA'), 'holds something that is no certificate'],
    ] as const) {
      const certFile = await written(text);
      expect(await refused({ certFile })).toContain(says);
      expect(await refused({ certFile })).toContain(certFile);
    }
    expect(await refused({ keyFile: await written('no key') })).toContain('no private key without a passphrase');
  });

  test('whose key is another’s, or locked by a passphrase, is refused', async () => {
    const { keyFile } = await authority.issue('another');
    expect(await refused({ keyFile })).toContain('is not the key of the first certificate');
    const key = createPrivateKey(await Bun.file(pair.keyFile).text());
    const locked = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' });
    expect(await refused({ keyFile: await written(String(locked)) })).toContain('without a passphrase');
  });
});
