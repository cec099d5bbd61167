/**
 * Whether If-Match lets the object of this tag be sent. Compared strongly: a weak tag matches nothing. It is asked before If-None-Match.
 * @see RFC 9110, 13.1.1 and 13.2.2
 */
export function maySend(ifMatch: string | null, etag: string): boolean {
  return ifMatch === null || names(ifMatch, etag);
}

/** Whether the client has the object of this tag already. Compared weakly. @see RFC 9110, 13.1.2 */
export function isKnown(ifNoneMatch: string | null, etag: string): boolean {
  return ifNoneMatch !== null && names(ifNoneMatch.replaceAll('W/', ''), etag);
}

function names(header: string, etag: string): boolean {
  const tags = header.split(',').map((tag) => tag.trim());
  return tags.includes(etag) || tags.includes('*');
}
