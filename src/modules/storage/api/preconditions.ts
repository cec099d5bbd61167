/**
 * Whether If-Match lets the object of this tag be sent. Compared strongly: a weak tag matches nothing. It is asked before If-None-Match.
 * @see RFC 9110, 13.1.1 and 13.2.2
 */
export function maySend(ifMatch: string | null, etag: string): boolean {
  return ifMatch === null || isAny(ifMatch) || tagsIn(ifMatch).includes(etag);
}

/** Whether the client has the object of this tag already. Compared weakly. @see RFC 9110, 13.1.2 */
export function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  return isAny(ifNoneMatch) || tagsIn(ifNoneMatch).some((tag) => tag.replace(/^W\//, '') === etag);
}

/** Whatever is there; only alone. */
function isAny(header: string): boolean {
  return header.trim() === '*';
}

/** A tag may hold a comma, and an asterisk. @see RFC 9110, 8.8.3 */
function tagsIn(header: string): readonly string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? [];
}
