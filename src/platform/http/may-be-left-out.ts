import type { z } from 'zod';

/** A field that may be left out of an input; null says the same as leaving it out, because many clients send it for what they have not. */
export function mayBeLeftOut<Field extends z.ZodType>(field: Field) {
  return field.nullish().transform((value) => value ?? undefined);
}
