import type { ByteRange } from '../domain/object-store';

/**
 * Reads a Range header for a body of known size.
 * @returns null where the whole body is to be sent: no header, several ranges, or not understood (all allowed to be ignored);
 *   `unsatisfiable` for 416
 * @see RFC 9110, 14.1 (units know no case), 14.1.2 and 14.2
 */
export function parseRange(header: string | null, sizeBytes: number): ByteRange | null | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header?.trim() ?? '');
  if (!match) return null;
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  if (first === '') return last === '' ? null : suffix(Number(last), sizeBytes);
  const range = { start: Number(first), end: last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1) };
  if (last !== '' && Number(last) < range.start) return null;
  return range.start >= sizeBytes ? 'unsatisfiable' : range;
}

/** `bytes=-500`: the last 500 bytes. */
function suffix(length: number, sizeBytes: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || sizeBytes === 0) return 'unsatisfiable';
  return { start: Math.max(0, sizeBytes - length), end: sizeBytes - 1 };
}
