/** Leaves only unreserved characters, as SigV4 wants it; encodeURIComponent leaves `!'()*` too. @see RFC 3986, 2.3 */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
