export interface Part {
  readonly name: string;
  readonly tests: number;
  /** Of its files, hooks included. */
  readonly seconds: number;
}

export interface Failure {
  readonly file: string;
  readonly name: string;
  /** What the runner said of it, as long as it is. */
  readonly says: string;
}

export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly Failure[];
  /** The tests that were not run: skipped or still to be written. */
  readonly skipped: ReadonlyArray<{ readonly file: string; readonly name: string }>;
  readonly parts: readonly Part[];
  /** The slowest first. */
  readonly slowest: readonly Pick<Part, 'name' | 'seconds'>[];
}

/** Files worth a look when the tests take long. */
const SLOWEST = 12;

/** Reads the JUnit XML of `bun test`. @throws Error when it is not one, or contradicts itself */
export function readReport(xml: string): TestReport {
  const [, totals = ''] = /<testsuites\b([^>]*)>/.exec(xml) ?? [];
  const announced = Number(attribute(totals, 'tests'));
  if (totals === '' || Number.isNaN(announced)) throw new Error('not a JUnit report');
  const cases = [...xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(
    ([, attributes = '', content = '']) => ({ attributes, content }),
  );
  if (cases.length !== announced) throw new Error(`the report announces ${announced} tests and lists ${cases.length}`);
  const failed = cases.filter(({ content }) => /<(failure|error)\b/.test(content));
  const skipped = cases.filter(({ content }) => /<skipped\b/.test(content));
  return {
    passed: cases.length - failed.length - skipped.length,
    failed: failed.length,
    failures: failed.map(({ attributes, content }) => ({
      file: attribute(attributes, 'file'),
      name: attribute(attributes, 'name'),
      says: failureText(content),
    })),
    skipped: skipped.map(({ attributes }) => ({
      file: attribute(attributes, 'file'),
      name: attribute(attributes, 'name'),
    })),
    parts: partsOf(xml),
    slowest: suitesOfFiles(xml)
      .map((suite) => ({ name: attribute(suite, 'file'), seconds: Number(attribute(suite, 'time')) }))
      .sort((one, other) => other.seconds - one.seconds)
      .slice(0, SLOWEST),
  };
}

/** Files by the folder that says what they prove: `tests/<part>`, and `unit` for those beside their subject. */
export function partOf(file: string): string {
  return /^tests\/([^/]+)\//.exec(file)?.[1] ?? 'unit';
}

function partsOf(xml: string): Part[] {
  const parts = new Map<string, { tests: number; seconds: number }>();
  for (const attributes of suitesOfFiles(xml)) {
    const name = partOf(attribute(attributes, 'file'));
    const before = parts.get(name) ?? { tests: 0, seconds: 0 };
    parts.set(name, {
      tests: before.tests + Number(attribute(attributes, 'tests')),
      seconds: before.seconds + Number(attribute(attributes, 'time')),
    });
  }
  return [...parts].map(([name, sums]) => ({ name, ...sums }));
}

/** A `describe` is a suite within the suite of its file, whose sums hold it already. */
function suitesOfFiles(xml: string): string[] {
  let depth = 0;
  const outermost: string[] = [];
  for (const [tag, attributes = ''] of xml.matchAll(/<testsuite\b([^>]*)>|<\/testsuite>/g)) {
    if (tag.startsWith('</')) depth -= 1;
    else {
      if (depth === 0) outermost.push(attributes);
      if (!tag.endsWith('/>')) depth += 1;
    }
  }
  return outermost;
}

/** The text of a `<failure>` begins with its message; a test that came to its time limit has the message alone. */
function failureText(content: string): string {
  const [, attributes = '', text = ''] = FAILURE.exec(content) ?? [];
  return (unescaped(text) || attribute(attributes, 'message')).trim();
}

function attribute(attributes: string, name: string): string {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes) ?? [];
  return unescaped(value);
}

function unescaped(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp|#10);/g, (_, entity: string) => ENTITIES[entity] ?? '');
}

const FAILURE = /<(?:failure|error)\b([^>]*?)(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/;

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&', '#10': '\n' };

// `bun scripts/test-report.ts FILE`: its sums, in a line.
if (import.meta.main) {
  const report = await Bun.file(process.argv[2] ?? '')
    .text()
    .then(readReport)
    .catch((error: Error) => console.error(error.message));
  console.log(report ? `${report.passed} passed, ${report.failed} failed` : '0 passed, 1 failed');
}
