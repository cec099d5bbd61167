import { z } from 'zod';

interface InputSchema {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
}

/** What a variable may be, in words: for the error of a wrong value and for the generated page. */
export function allowedValues(schema: z.ZodType): string {
  const input = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as InputSchema;
  if (input.enum?.length === 4 && input.enum.includes('true')) return 'true or false';
  if (input.enum) return input.enum.join(', ');
  if (input.type === 'integer') return `a whole number from ${input.minimum} to ${input.maximum}`;
  if (input.type === 'number') return `a number from ${input.minimum} to ${input.maximum}`;
  if (input.minLength !== undefined && input.minLength > 1) return `text of ${input.minLength} characters or more`;
  return 'text';
}

export function isSecret(schema: z.ZodType): boolean {
  return schema.meta()?.secret === true;
}
