/** How to reach one bucket of an S3-compatible store. */
export interface S3StoreConfig {
  readonly bucket: string;
  readonly region: string;
  /** Absent: Amazon's own for the region. */
  readonly endpoint?: string;
  /** Where clients reach the store, if not at `endpoint`: signed URLs are made for it. */
  readonly publicEndpoint?: string;
  /** Both or neither; neither means the SDK's provider chain (environment, IAM roles, container and instance credentials). */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** `{endpoint}/{bucket}/{key}` in place of `{bucket}.{endpoint}/{key}`. */
  readonly forcePathStyle: boolean;
  /** Sent, and signed, with every write. */
  readonly sse?: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  readonly kmsKeyId?: string;
  /** Pages of these origins may use signed URLs, `*` for any; set on the bucket by `prepare()`. Absent: left as it is. */
  readonly corsOrigins?: readonly string[];
  /** How often a failed request is tried again; 0 for never. */
  readonly retries: number;
  /** How long the store may stay silent, in milliseconds, before an attempt counts as failed. */
  readonly timeoutMs: number;
}
