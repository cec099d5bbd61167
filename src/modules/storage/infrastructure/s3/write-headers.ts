import { type Sha256, sha256ToBase64 } from '../../../../kernel/sha256';
import type { S3StoreConfig } from './s3-config';

/** Headers that bind the bytes: the store refuses a body of another digest, type or length, and a key that is taken. */
export function bindingHeaders(body: {
  contentType: string;
  sizeBytes: number;
  sha256: Sha256;
}): Record<string, string> {
  return {
    'content-length': String(body.sizeBytes),
    'content-type': body.contentType,
    'if-none-match': '*',
    'x-amz-checksum-sha256': sha256ToBase64(body.sha256),
  };
}

/**
 * A condition that no copy meets. MinIO takes headers that were not signed: with x-amz-copy-source, whoever has a PUT URL could have it
 * copy any object that this server may read, in place of the bytes that were declared, and over those that are there. A store must
 * know the condition for copies alone; Amazon and versitygw refuse such a header themselves and are not sent it (`refusesUnsigned`).
 * @see Amazon S3 API, CopyObject, x-amz-copy-source-if-match
 */
export const COPY_GUARD: Readonly<Record<string, string>> = { 'x-amz-copy-source-if-match': 'none' };

/** Headers that ask for encryption at rest. @see Amazon S3 API, PutObject, x-amz-server-side-encryption */
export function sseHeaders({ sse, kmsKeyId }: Pick<S3StoreConfig, 'sse' | 'kmsKeyId'>): Record<string, string> {
  if (!sse) return {};
  const headers = { 'x-amz-server-side-encryption': sse };
  return kmsKeyId ? { ...headers, 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId } : headers;
}
