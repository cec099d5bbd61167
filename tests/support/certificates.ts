import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './exit';

export interface IssuedCertificate {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface TestAuthority {
  readonly caFile: string;
  /** Its certificate in PEM form: what clients trust. */
  readonly ca: string;
  /** @param names subjectAltName, as `DNS:localhost,IP:127.0.0.1` */
  issue(commonName: string, names?: string): Promise<IssuedCertificate>;
}

const THIS_MACHINE = 'DNS:localhost,IP:127.0.0.1';
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];

/** An authority of this test's own, made by openssl; its keys go with the process. */
export async function testAuthority(commonName = 'an authority of the tests'): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'test-certificates-'));
  atExit(() => rm(folder, { recursive: true, force: true }));
  const caFile = join(folder, 'ca.pem');
  const caKey = join(folder, 'ca.key');
  await openssl(['req', '-x509', ...NEW_KEY, '-keyout', caKey, '-out', caFile, '-subj', `/CN=${commonName}`]);
  let issued = 0;
  return {
    caFile,
    ca: await Bun.file(caFile).text(),
    async issue(name, names = THIS_MACHINE) {
      issued += 1;
      const [certFile, keyFile] = [join(folder, `${issued}.pem`), join(folder, `${issued}.key`)];
      const signed = ['-CA', caFile, '-CAkey', caKey, '-addext', 'basicConstraints=critical,CA:FALSE'];
      const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
      await openssl(['req', '-x509', ...NEW_KEY, ...signed, ...subject, '-keyout', keyFile, '-out', certFile]);
      return { certFile, keyFile };
    },
  };
}

export interface Handshake {
  readonly ok: boolean;
  readonly protocol: string | null;
  /** Common name of the certificate that was shown. */
  readonly commonName: string | null;
}

/** A handshake of this version alone, by openssl, which still speaks the old ones. */
export async function handshake(port: number, version: 'tls1' | 'tls1_1' | 'tls1_2' | 'tls1_3'): Promise<Handshake> {
  const old = version === 'tls1' || version === 'tls1_1' ? ['-cipher', 'ALL:@SECLEVEL=0'] : [];
  const child = Bun.spawn(['openssl', 's_client', '-connect', `127.0.0.1:${port}`, `-${version}`, ...old], {
    stdin: new Blob(['']),
    stdout: 'pipe',
    stderr: 'ignore',
  });
  const text = await new Response(child.stdout).text();
  const ok = (await child.exited) === 0;
  return {
    ok,
    protocol: ok ? (/New, (TLSv[\d.]+)/.exec(text)?.[1] ?? null) : null,
    commonName: /subject=CN ?= ?(.+)/.exec(text)?.[1] ?? null,
  };
}

async function openssl(args: readonly string[]): Promise<void> {
  const child = Bun.spawn(['openssl', ...args], { stdout: 'ignore', stderr: 'pipe' });
  const [code, says] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (code !== 0) throw new Error(`openssl ${args[0]} ended with ${code}: ${says}`);
}
