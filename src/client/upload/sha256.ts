/** What of Bun's hasher is used; in a browser there is none. */
interface StreamingHasher {
  update(bytes: Uint8Array): unknown;
  digest(encoding: 'hex'): string;
}
type Bunlike = { readonly CryptoHasher: new (algorithm: 'sha256') => StreamingHasher };

/**
 * 64 lower-case hexadecimal digits. Bun reads the file as a stream; WebCrypto knows no streams, so there it is in memory as a whole.
 * @throws Error in a page that is neither https nor localhost: browsers have no WebCrypto there
 */
export async function sha256Of(file: Blob, bun = (globalThis as { Bun?: Bunlike | null }).Bun): Promise<string> {
  if (bun) return await streamed(new bun.CryptoHasher('sha256'), file);
  if (!globalThis.crypto?.subtle)
    throw new Error('Photos can be sent only from a page served by https, or by localhost.');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function streamed(hasher: StreamingHasher, file: Blob): Promise<string> {
  for await (const chunk of file.stream()) hasher.update(chunk);
  return hasher.digest('hex');
}
