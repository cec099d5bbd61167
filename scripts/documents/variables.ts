import type { z } from 'zod';
import { allowedValues, isSecret } from '../../src/config/allowed-values';
import { settings } from '../../src/config/settings';

/** One environment variable, in words. */
export interface Variable {
  readonly name: string;
  readonly describes: string;
  readonly allowed: string;
  /** As one would write it into the environment; null where there is none. */
  readonly fallback: string | null;
  readonly secret: boolean;
}

/** The settings in their groups, as the schema has them. */
export function variables(): Array<{ group: string; variables: Variable[] }> {
  return Object.entries(settings).map(([group, members]) => ({
    group,
    variables: Object.entries(members).map(([name, schema]) => variable(name, schema)),
  }));
}

function variable(name: string, schema: z.ZodType): Variable {
  return {
    name,
    describes: schema.description ?? '',
    allowed: allowedValues(schema),
    fallback: fallbackOf(schema),
    secret: isSecret(schema),
  };
}

function fallbackOf(schema: z.ZodType): string | null {
  const value: unknown = schema.parse(undefined);
  const written = value === undefined ? '' : String(value);
  return written === '' ? null : written;
}
