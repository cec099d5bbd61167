/** What is made of every photo: upright, sRGB, without metadata, never enlarged. Sides in pixels. */
export const VARIANTS = {
  /** Shown in lists. Keeps transparency. */
  thumb: { longestSide: 320, extension: 'webp', contentType: 'image/webp' },
  /** What AI workers get: the largest that vision models take without scaling it down themselves. On white. */
  model: { longestSide: 1568, extension: 'jpg', contentType: 'image/jpeg' },
} as const;

export type Variant = keyof typeof VARIANTS;

export const VARIANT_NAMES = Object.keys(VARIANTS) as Variant[];

/** One of something for each variant. */
export type OfEachVariant<Thing> = Readonly<Record<Variant, Thing>>;
