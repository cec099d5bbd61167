/**
 * Orders keys by their UTF-8 bytes, as S3 and `COLLATE "C"` do. JavaScript's `<` compares UTF-16 units and puts
 * U+10000 and above before U+E000.
 * @returns below 0 where `a` comes first
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  if (isPlain(a) && isPlain(b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Without surrogates both orders are the same. */
function isPlain(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text);
}
