import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const REPOSITORY = resolve(import.meta.dir, '..');
const RULES = join(REPOSITORY, '.dependency-cruiser.mjs');
const PROGRAM = join(REPOSITORY, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const FOLDERS = ['src', 'tests', 'scripts', 'bench', 'examples'];

export interface Violation {
  readonly rule: string;
  /** The file that imports, relative to the root. */
  readonly from: string;
  /** What it imports. */
  readonly to: string;
}

export interface Cruise {
  readonly modules: number;
  readonly violations: readonly Violation[];
}

interface Answer {
  summary: { totalCruised: number; violations: Array<{ rule: { name: string }; from: string; to: string }> };
}

/**
 * Reads every import below a root, and judges it by the rules of this repository.
 * @throws Error when nothing was cruised: with a TypeScript that it does not know, dependency-cruiser finds no file and is content
 */
export async function cruise(root = REPOSITORY): Promise<Cruise> {
  const folders = FOLDERS.filter((folder) => existsSync(join(root, folder)));
  const cruiser = Bun.spawn([process.execPath, PROGRAM, ...folders, '--config', RULES, '--output-type', 'json'], {
    cwd: root,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [said, complaint] = await Promise.all([
    new Response(cruiser.stdout).text(),
    new Response(cruiser.stderr).text(),
  ]);
  await cruiser.exited;
  // its exit code is the number of violations: only an answer that cannot be read is a failure of the run
  if (!said.startsWith('{')) throw new Error(`dependency-cruiser failed: ${complaint}${said}`);
  const { summary } = JSON.parse(said) as Answer;
  if (summary.totalCruised === 0)
    throw new Error('no module was cruised: does dependency-cruiser know this TypeScript?');
  const violations = summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  return { modules: summary.totalCruised, violations };
}

/** The names of all rules, as the configuration has them. */
export async function ruleNames(): Promise<string[]> {
  const configuration = (await import(RULES)) as { default: { forbidden: Array<{ name: string }> } };
  return configuration.default.forbidden.map((rule) => rule.name);
}
