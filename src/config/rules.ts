import { isSecret } from './allowed-values';
import type { Settings } from './load';
import { shape } from './shape';

export type Given = Readonly<Record<string, string | undefined>>;

/** What several variables say together. */
export interface Rule {
  readonly when: (settings: Settings) => boolean;
  /** The one to change; of several, what they got is told of each. */
  readonly variables: readonly [keyof Settings, ...(keyof Settings)[]];
  /** What they may be instead. */
  readonly says: string;
}

class WrongVariable extends Error {}

/**
 * Every rule that is broken, in words.
 * @param right the variables that are right each by itself; a rule that asks for another one is left for when it is
 */
export function broken(rules: readonly Rule[], right: Partial<Settings>, given: Given): string[] {
  const settings = onlyRight(right);
  return rules
    .filter((rule) => isBroken(rule, settings))
    .map(({ variables, says }) => {
      const got = variables.map((name) => gotten(name, given, right)).join(' and ');
      return `${variables.join(' and ')}: got ${got}; ${says}`;
    });
}

/**
 * The value that a variable was given, unless it is a secret; of a URL, without its credentials.
 * @param right tells what one that was not given is by default
 */
export function gotten(name: keyof Settings, given: Given, right: Partial<Settings> = {}): string {
  const value = given[name];
  if (value !== undefined && isSecret(shape[name])) return 'a value that is not shown';
  if (value !== undefined) return JSON.stringify(value.replace(/(?<=:\/\/).*(?=@)/s, '…'));
  return right[name] === undefined ? 'nothing' : `nothing, so ${right[name]}`;
}

function isBroken({ when }: Rule, settings: Settings): boolean {
  try {
    return when(settings);
  } catch (error) {
    if (error instanceof WrongVariable) return false;
    throw error;
  }
}

function onlyRight(right: Partial<Settings>): Settings {
  return new Proxy(right, {
    get(target, name) {
      if (!(name in target)) throw new WrongVariable();
      return Reflect.get(target, name);
    },
  }) as Settings;
}
