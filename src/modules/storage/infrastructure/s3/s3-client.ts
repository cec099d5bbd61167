import { S3Client } from '@aws-sdk/client-s3';
import type { CurrentCredentials } from './credentials';
import type { S3StoreConfig } from './s3-config';

/** The SDK's client for all but GET and PUT of bytes. It does not retry: `withAttempts` does, in one way for every request. */
export function s3Client(config: S3StoreConfig, credentials: CurrentCredentials): S3Client {
  return new S3Client({
    region: config.region,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    forcePathStyle: config.forcePathStyle,
    credentials: () => credentials.fresh(),
    maxAttempts: 1,
    // withAttempts ends what takes too long; this closes the socket of an answer that was abandoned half way
    requestHandler: { socketTimeout: config.timeoutMs },
    // asked for where it is wanted (head, copy); S3-compatible stores do not all know the SDK's default checksums
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}
