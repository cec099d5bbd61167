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

/** docs/openapi.json: what a server of this version answers at /openapi.json, made without one. */
export function openApiJson(): string {
  const ground = { settings: loadSettings({}), log, metrics: createMetrics(), port: () => 0 };
  const database = new Database({ url: 'postgres://nowhere.invalid/none', ...pool }, log);
  const { router } = buildModules(
    ground,
    database,
    staging,
    secretsOf(ground.settings, { jwt: 'x'.repeat(32), credentials: ['x'.repeat(32)] }),
  );
  return `${JSON.stringify(openApiDocument(router, { serverUrl: '/', version }), null, 2)}\n`;
}
