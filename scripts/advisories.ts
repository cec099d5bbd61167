/** What the registry knows against a package that we use. */
export interface Advisory {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly severity: string;
}

/** Why an advisory does not touch us, and until when that was looked at. */
export interface Exception {
  readonly id: string;
  /** ISO date: from then on it counts again. */
  readonly until: string;
}

/** @returns null where the registry did not answer: then nothing is known. */
export function advisoriesIn(output: string): Advisory[] | null {
  const answered = parsed(output);
  if (typeof answered !== 'object' || answered === null || Array.isArray(answered)) return null;
  return Object.entries(answered).flatMap(([name, found]) =>
    (Array.isArray(found) ? found : []).map((advisory: Record<string, unknown>) => ({
      id: /GHSA-[\w-]+/.exec(String(advisory.url))?.[0] ?? String(advisory.id),
      name,
      title: String(advisory.title),
      severity: String(advisory.severity),
    })),
  );
}

/** The rows of docs/advisories.md: `| GHSA-… | package | why | until |`. */
export function exceptionsIn(page: string): Exception[] {
  return [...page.matchAll(/^\| (GHSA-[\w-]+) \| [^|]+ \| [^|]+ \| (\d{4}-\d{2}-\d{2}) \|$/gm)].map(
    ([, id = '', until = '']) => ({ id, until }),
  );
}

export interface Judgement {
  readonly against: readonly Advisory[];
  readonly excepted: readonly Advisory[];
  /** Exceptions that except nothing any more. */
  readonly idle: readonly string[];
}

export function judge(advisories: readonly Advisory[], exceptions: readonly Exception[], today: string): Judgement {
  const holds = new Set(exceptions.filter(({ until }) => until > today).map(({ id }) => id));
  const known = new Set(advisories.map(({ id }) => id));
  return {
    against: advisories.filter(({ id }) => !holds.has(id)),
    excepted: advisories.filter(({ id }) => holds.has(id)),
    idle: exceptions.filter(({ id }) => !known.has(id)).map(({ id }) => id),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
