import { expect, test } from 'bun:test';
import type { z } from 'zod';
import { documentedRouter } from '../../scripts/documents/openapi';
import { proceduresOf } from '../../src/platform/http/procedure-routes';

interface Field {
  /** `uploads.start images[].file_name` */
  readonly name: string;
  readonly schema: z.ZodType;
}

type Wrapped = z.ZodType & {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly def: { readonly innerType?: z.ZodType; readonly in?: z.ZodType; readonly element?: z.ZodType };
};

/** Of a schema and of what is in it, through whatever wraps it. */
function fieldsOf(name: string, schema: z.ZodType): Field[] {
  const { shape, def } = schema as Wrapped;
  if (shape) {
    const entries = Object.entries(shape).map(([key, field]) => [`${name}.${key}`, field] as const);
    return entries.flatMap(([path, field]) => [{ name: path, schema: field }, ...fieldsOf(path, field)]);
  }
  if (def.element) return fieldsOf(`${name}[]`, def.element);
  const inner = def.innerType ?? def.in;
  return inner ? fieldsOf(name, inner) : [];
}

const fields = Object.entries(proceduresOf(documentedRouter())).flatMap(([name, { _def }]) =>
  ((_def as unknown as { inputs?: z.ZodType[] }).inputs ?? []).flatMap((input) => fieldsOf(name, input)),
);
const optional = fields.filter(({ schema }) => schema.safeParse(undefined).success);

test('the fields of all inputs are found', () => {
  expect(fields.length).toBeGreaterThan(60);
  expect(optional.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['auth.register.first_name', 'uploads.start.images[].file_name', 'products.list.limit']),
  );
});

test.each(optional)('$name may be null, which says the same as leaving it out', ({ schema }) => {
  expect(schema.safeParse(null)).toEqual(schema.safeParse(undefined));
});
