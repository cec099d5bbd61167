// Zod writes the expression it checks beside these; the format says the same, and can be read.
const SAID_BY_FORMAT = new Set(['uuid', 'date-time', 'email']);

export function withoutFormatPatterns<Node>(node: Node): Node {
  if (Array.isArray(node)) return node.map(withoutFormatPatterns) as Node;
  if (typeof node !== 'object' || node === null) return node;
  const { format } = node as { format?: unknown };
  const entries = Object.entries(node)
    .filter(([name]) => !(name === 'pattern' && typeof format === 'string' && SAID_BY_FORMAT.has(format)))
    .map(([name, value]) => [name, withoutFormatPatterns(value)]);
  return Object.fromEntries(entries) as Node;
}
