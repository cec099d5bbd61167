// Zod writes the expression it checks beside these; the format says the same, and can be read.
const SAID_BY_FORMAT = new Set(['uuid', 'date-time', 'email']);

/** The document without what Zod adds for machines alone: expressions beside formats, and the limits of JavaScript's integers. */
export function readable<Node>(node: Node): Node {
  if (Array.isArray(node)) return node.map(readable) as Node;
  if (typeof node !== 'object' || node === null) return node;
  const { format } = node as { format?: unknown };
  const entries = Object.entries(node)
    .filter(([name, value]) => !isNoise(name, value, format))
    .map(([name, value]) => [name, readable(value)]);
  return Object.fromEntries(entries) as Node;
}

function isNoise(name: string, value: unknown, format: unknown): boolean {
  if (name === 'minimum') return value === Number.MIN_SAFE_INTEGER;
  if (name === 'maximum') return value === Number.MAX_SAFE_INTEGER;
  return name === 'pattern' && typeof format === 'string' && SAID_BY_FORMAT.has(format);
}
