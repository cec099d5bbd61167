declare const brand: unique symbol;
/** A string that only the functions of its own file make. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

export type UserId = Branded<'UserId'>;
export type ProductId = Branded<'ProductId'>;
export type ImageId = Branded<'ImageId'>;
/** Names one attempt to write objects: the id of its intent and the folder of its keys. */
export type AttemptId = Branded<'AttemptId'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A new UUIDv7: sorts by the time it was made. @see RFC 9562, 5.7 */
export function newId<Id extends Branded<string>>(): Id {
  return Bun.randomUUIDv7() as unknown as Id;
}

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

export function isUuidV7(text: string): boolean {
  return UUID_V7.test(text);
}
