import type { z } from 'zod';
import { allowedValues } from './allowed-values';
import { CONTRADICTIONS } from './contradictions';
import { PRODUCTION_REFUSALS } from './production-refusals';
import { broken, type Given, gotten } from './rules';
import { type Shape, shape } from './shape';

export type Settings = { readonly [Name in keyof Shape]: z.output<Shape[Name] & z.ZodType> };

/** Everything that is wrong at once, each with what it got (secrets excepted) and what it may be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** @throws ConfigError */
export function loadSettings(env: Given): Settings {
  const names = Object.keys(shape) as (keyof Settings)[];
  const given = Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  const parsed = names.map((name) => ({ name, result: shape[name].safeParse(given[name]) }));
  const right = Object.fromEntries(
    parsed.flatMap(({ name, result }) => (result.success ? [[name, result.data]] : [])),
  ) as Partial<Settings>;
  const problems = [
    ...parsed.flatMap(({ name, result }) => (result.error?.issues ?? []).map((issue) => problemOf(name, issue, given))),
    ...broken([...CONTRADICTIONS, ...PRODUCTION_REFUSALS], right, given),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return right as Settings;
}

function problemOf(name: keyof Settings, issue: z.core.$ZodIssue, given: Given): string {
  const allowed = allowedValues(shape[name]);
  const may = allowed === 'text' ? issue.message : `it may be ${allowed}`;
  return `${name}: got ${gotten(name, given)}; ${may}`;
}
