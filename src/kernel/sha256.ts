import type { Branded } from './ids';

/** 64 lower-case hexadecimal digits. */
export type Sha256 = Branded<'Sha256'>;

export function sha256FromHex(hex: string): Sha256 {
  if (!/^[0-9a-f]{64}$/.test(hex)) throw new TypeError('not a sha-256 in hexadecimal');
  return hex as Sha256;
}

/** As S3 wants it in x-amz-checksum-sha256. */
export function sha256ToBase64(digest: Sha256): string {
  return Buffer.from(digest, 'hex').toString('base64');
}

export function sha256OfBytes(bytes: Uint8Array | string): Sha256 {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex') as Sha256;
}
