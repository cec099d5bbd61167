/**
 * A path as routers read it: they decode it first, so whoever looks for a comma or a name in it has to, too.
 * @returns null for what is no percent-encoded UTF-8
 */
export function decodedPath(path: string): string | null {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
