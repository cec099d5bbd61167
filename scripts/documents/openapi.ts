import { version } from '../../package.json';
import { secretsOf } from '../../src/config/derive';
import { loadSettings } from '../../src/config/load';
import { buildModules } from '../../src/container';
import type { Log } from '../../src/kernel/log';
import { Database } from '../../src/platform/database/database';
import { openApiDocument } from '../../src/platform/http/openapi/document';
import type { StagingArea } from '../../src/platform/staging/staging-area';
import { createMetrics } from '../../src/platform/telemetry/metrics';

const nothing = () => undefined;
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const nowhere = () => Promise.reject(new Error('documents are made without a place for files'));
const staging: StagingArea = { folder: '', open: nowhere, openUnnamed: nowhere, close: nowhere };
const pool = { poolSize: 1, statementTimeoutMs: 1, lockTimeoutMs: 1, connectTimeoutMs: 1 };

/** Every procedure of a server of this version, made without one: none of them can be called. */
export function documentedRouter() {
  const ground = { settings: loadSettings({}), log, metrics: createMetrics(), port: () => 0 };
  const database = new Database({ url: 'postgres://nowhere.invalid/none', ...pool }, log);
  const secrets = secretsOf(ground.settings, { jwt: 'x'.repeat(32), credentials: ['x'.repeat(32)] });
  return buildModules(ground, database, staging, secrets).router;
}

/** docs/openapi.json: what such a server answers at /openapi.json. */
export function openApiJson(): string {
  return `${JSON.stringify(openApiDocument(documentedRouter(), { serverUrl: '/', version }), null, 2)}\n`;
}
