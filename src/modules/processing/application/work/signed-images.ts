import type { Clock } from '../../../../kernel/clock';
import type { ObjectKind } from '../../../../kernel/object-key';
import type { WorkImage } from '../../domain/work/lease';
import type { SignImage } from '../../domain/work/ports';

export interface SigningDeps {
  readonly signImage: SignImage;
  readonly clock: Clock;
}

export interface SignedImage extends Pick<WorkImage, 'id' | 'isPrimary' | 'sha256'> {
  /** Null for a variant that is not made yet. */
  readonly urls: Readonly<Partial<Record<ObjectKind, string | null>>>;
  /** When the first of the URLs stops to work. */
  readonly expiresAt: Date;
}

const SHORTEST_SECONDS = 60;
const LONGEST_SECONDS = 3600;

/**
 * URLs asked for as long as the lease lasts, a minute at least and an hour at most; they live up to half as long again (docs/adr/0012).
 * An image that the decoder has refused is left out where it has none of what is asked for: a worker would wait for what never comes.
 */
export function signImages(
  { signImage, clock }: SigningDeps,
  images: readonly WorkImage[],
  kinds: readonly ObjectKind[],
  leaseEnds: Date,
): SignedImage[] {
  const seconds = urlSeconds(clock(), leaseEnds);
  const given = images.filter(({ isRefused, keys }) => !isRefused || kinds.some((kind) => keys[kind]));
  return given.map(({ id, isPrimary, sha256, keys }) => {
    const signed = kinds.map((kind) => {
      const key = keys[kind];
      return { kind, get: key && signImage(id, kind, key, seconds) };
    });
    const ends = signed.flatMap(({ get }) => (get ? [get.expiresAt.getTime()] : []));
    return {
      id,
      isPrimary,
      sha256,
      urls: Object.fromEntries(signed.map(({ kind, get }) => [kind, get?.url ?? null])),
      expiresAt: ends.length > 0 ? new Date(Math.min(...ends)) : leaseEnds,
    };
  });
}

/** Whole seconds until the lease ends, within what a URL may be asked for. */
export function urlSeconds(now: Date, leaseEnds: Date): number {
  const left = Math.ceil((leaseEnds.getTime() - now.getTime()) / 1000);
  return Math.min(LONGEST_SECONDS, Math.max(SHORTEST_SECONDS, left));
}
