import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { KeptSecrets } from '../config/derive';
import { ConfigError, type Settings } from '../config/load';
import { keptSecret } from '../platform/kept-secret';

/** Secrets that the environment does not hold: production demands those of its own, elsewhere they are made once. @throws ConfigError */
export async function keptSecrets(settings: Settings): Promise<KeptSecrets> {
  const made = (name: string) => keptSecret(resolve(settings.DATA_DIR), name);
  return {
    jwt: settings.JWT_SECRET === undefined ? await made('jwt-secret') : undefined,
    credentials:
      settings.CREDENTIALS_KEY_FILE !== undefined
        ? await keysOfFile(settings.CREDENTIALS_KEY_FILE)
        : settings.CREDENTIALS_KEY === undefined
          ? [await made('credentials-key')]
          : [],
  };
}

const LEAST_CHARACTERS = 32;

/** One a line, the current one first. */
async function keysOfFile(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch((error: { code?: string }) => {
    throw new ConfigError([`CREDENTIALS_KEY_FILE: ${path} cannot be read (${error.code})`]);
  });
  const keys = text.split(/\r?\n/).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  if (keys.length === 0 || keys.some((key) => key.length < LEAST_CHARACTERS)) {
    throw new ConfigError([
      `CREDENTIALS_KEY_FILE: ${path} must hold keys of ${LEAST_CHARACTERS} characters or more, one a line`,
    ]);
  }
  return keys;
}
