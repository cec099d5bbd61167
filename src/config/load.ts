import { z } from 'zod';
import { allowedValues, isSecret } from './allowed-values';
import { isBackupAmongData, isBackupAmongImages } from './backup-places';
import { hasVerifiedTls, productionRefusals } from './production-refusals';
import { settings } from './settings';

type Groups = typeof settings;
type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void ? I : never;
type Shape = UnionToIntersection<Groups[keyof Groups]>;

export const shape = Object.assign({}, ...Object.values(settings)) as Shape;
const schema = z.object(shape as Shape & z.ZodRawShape);

export type Settings = { readonly [Name in keyof Shape]: z.output<Shape[Name] & z.ZodType> };

/** Every wrong variable at once, each with what it got (secrets excepted) and what it may be. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** @throws ConfigError */
export function loadSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    Object.keys(shape).flatMap((name) => (env[name] === undefined || env[name] === '' ? [] : [[name, env[name]]])),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => problemOf(issue, given)));
  const loaded = parsed.data as Settings;
  const problems = [...contradictions(loaded), ...productionRefusals(loaded)];
  if (problems.length > 0) throw new ConfigError(problems);
  return loaded;
}

function problemOf(issue: z.core.$ZodIssue, given: Record<string, string | undefined>): string {
  const name = String(issue.path[0]);
  const variable = shape[name as keyof Shape] as z.ZodType;
  const got = isSecret(variable) ? 'a value that is not shown' : JSON.stringify(given[name]);
  const allowed = allowedValues(variable);
  const may = allowed === 'text' ? issue.message : `it may be ${allowed}`;
  return `${name}: got ${got}; ${may}`;
}

function contradictions(loaded: Settings): string[] {
  const problems: string[] = [];
  for (const which of ['', 'TARGET_', 'BACKUP_'] as const) {
    const [id, secret] = [`${which}S3_ACCESS_KEY_ID`, `${which}S3_SECRET_ACCESS_KEY`] as const;
    if ((loaded[id] === undefined) !== (loaded[secret] === undefined)) {
      problems.push(`${id} and ${secret}: set both or neither`);
    }
    if (loaded[`${which}S3_SSE`] === 'aws:kms' && loaded[`${which}S3_KMS_KEY_ID`] === undefined) {
      problems.push(`${which}S3_KMS_KEY_ID: must be set when ${which}S3_SSE is aws:kms`);
    }
  }
  if (loaded.CREDENTIALS_KEY !== undefined && loaded.CREDENTIALS_KEY_FILE !== undefined) {
    problems.push('CREDENTIALS_KEY and CREDENTIALS_KEY_FILE: set one of them');
  }
  const { BACKUP_DRILL_BUCKET_NAME: drillBucket, BACKUP_DRILL_DATABASE_URL: drillDatabase } = loaded;
  if (drillBucket !== undefined && bucketsOf(loaded).includes(drillBucket)) {
    problems.push(
      'BACKUP_DRILL_BUCKET_NAME: is emptied by every drill, and must be no bucket of images, former ones and the target of a migration among them, nor that of the backups',
    );
  }
  if (drillDatabase !== undefined && namesOf(loaded).includes(placeOf(drillDatabase))) {
    problems.push('BACKUP_DRILL_DATABASE_URL: is emptied by every drill, and must not be the application’s database');
  }
  if (isBackupAmongImages(loaded)) {
    problems.push('BACKUP_S3_BUCKET_NAME: must be another bucket than that of the images');
  }
  if (isBackupAmongData(loaded)) {
    problems.push('BACKUP_DIR: must not lie in DATA_DIR, or whatever takes one of them takes both');
  }
  if ((loaded.TLS_CERT_FILE === undefined) !== (loaded.TLS_KEY_FILE === undefined)) {
    problems.push('TLS_CERT_FILE and TLS_KEY_FILE: set both or neither');
  }
  for (const name of ['DATABASE_URL', 'MIGRATION_DATABASE_URL'] as const) {
    const url = loaded[name];
    if (loaded.DATABASE_CA_FILE !== undefined && url !== undefined && !hasVerifiedTls(url)) {
      problems.push(`${name}: must end with sslmode=verify-full where DATABASE_CA_FILE is set`);
    }
  }
  if (loaded.MAX_IMAGE_BYTES > loaded.MAX_UPLOAD_BYTES) {
    problems.push(`MAX_IMAGE_BYTES: got ${loaded.MAX_IMAGE_BYTES}; it may be MAX_UPLOAD_BYTES at most`);
  }
  if (loaded.UPLOAD_STAGED_BYTES_MAX < 2 * loaded.MAX_UPLOAD_BYTES) {
    problems.push(
      `UPLOAD_STAGED_BYTES_MAX: got ${loaded.UPLOAD_STAGED_BYTES_MAX}; it may be twice MAX_UPLOAD_BYTES at least`,
    );
  }
  return problems;
}

/** Every bucket that something else is kept in. */
function bucketsOf(loaded: Settings): (string | undefined)[] {
  const { S3_BUCKET_NAME, TARGET_S3_BUCKET_NAME, BACKUP_S3_BUCKET_NAME, S3_FORMER_BUCKET_NAMES } = loaded;
  return [S3_BUCKET_NAME, TARGET_S3_BUCKET_NAME, BACKUP_S3_BUCKET_NAME, ...S3_FORMER_BUCKET_NAMES];
}

function namesOf({ DATABASE_URL, MIGRATION_DATABASE_URL }: Settings): string[] {
  return [DATABASE_URL, MIGRATION_DATABASE_URL].flatMap((url) => (url === undefined ? [] : [placeOf(url)]));
}

/** Server and database, whichever role asks for them. */
function placeOf(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || 5432}${pathname}`;
}
