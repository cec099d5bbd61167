interface Bucket {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint?: string;
}

/** Whether both settings name one bucket, as far as their text tells: a store may still have two names (`TargetIsSource`). */
export function isSameBucket(one: Bucket, other: Bucket): boolean {
  return one.bucket === other.bucket && placeOf(one) === placeOf(other);
}

/** A bucket's name is given once in all of Amazon's regions, whichever of its addresses is used; elsewhere once at an origin. */
function placeOf({ endpoint, region }: Bucket): string {
  if (endpoint === undefined) return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const { hostname, origin } = new URL(endpoint);
  return /(?:^|\.)(amazonaws\.com(?:\.cn)?)$/.exec(hostname)?.[1] ?? origin;
}
