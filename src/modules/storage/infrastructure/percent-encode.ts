/** Most of what is encoded needs none; to find that out costs a fifth of encoding it. */
const UNRESERVED = /^[\w.~-]*$/;
const UNRESERVED_PATH = /^[\w.~/-]*$/;

/** Leaves only unreserved characters, as SigV4 wants it; encodeURIComponent leaves `!'()*` too. @see RFC 3986, 2.3 */
export function percentEncode(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Part by part: the slashes between them stay. */
export function percentEncodePath(path: string): string {
  return UNRESERVED_PATH.test(path) ? path : path.split('/').map(percentEncode).join('/');
}
