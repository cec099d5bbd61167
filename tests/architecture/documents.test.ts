import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Glob } from 'bun';
import { COMMANDS } from '../../src/cli/run-command';
import { shape } from '../../src/config/shape';
import { runSamples } from '../../src/modules/maintenance/application/run-samples';
import { DAMAGED_IMAGES } from '../../src/modules/maintenance/upkeep-parts';
import { createMetrics } from '../../src/platform/telemetry/metrics';

const REPOSITORY = resolve(import.meta.dir, '../..');
const read = (path: string) => Bun.file(join(REPOSITORY, path)).text();
const PAGES = ['*.md', '{docs,examples,deploy}/**/*.md'].flatMap((some) => [...new Glob(some).scanSync(REPOSITORY)]);
const packageScripts = ((await Bun.file(join(REPOSITORY, 'package.json')).json()) as { scripts: object }).scripts;

test('every link of a page leads to a file', async () => {
  const dead: string[] = [];
  for (const page of PAGES.filter((path) => !path.endsWith('0000-template.md'))) {
    for (const [, link = ''] of (await read(page)).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      if (!existsSync(join(REPOSITORY, dirname(page), link))) dead.push(`${page}: ${link}`);
    }
  }
  expect(PAGES.length).toBeGreaterThan(5);
  expect(dead).toEqual([]);
});

test('every command that a page names is one', async () => {
  const unknown: string[] = [];
  for (const page of PAGES) {
    const text = await read(page);
    for (const [named, name = ''] of text.matchAll(/`(?:npx -y bun@[\d.]+|bun) run ([a-z:]+)/g)) {
      if (!Object.hasOwn(packageScripts, name)) unknown.push(`${page}: ${named}`);
    }
    for (const [named, words = ''] of text.matchAll(/`bun run cli ([a-z ]+)/g)) {
      if (!Object.keys(COMMANDS).some((command) => words.startsWith(command))) unknown.push(`${page}: ${named}`);
    }
  }
  expect(unknown).toEqual([]);
});

test('the README names every operator’s command', async () => {
  const readme = await read('README.md');
  expect(Object.keys(COMMANDS).filter((name) => !readme.includes(`\`bun run cli ${name}`))).toEqual([]);
});

test('the metrics that docs/operations.md names are those of this system', async () => {
  const metrics = createMetrics();
  metrics.collected('intents_outstanding', 'Intents by state.', 'state', async () => ({ open: 0 }));
  metrics.collected('tls_certificate_expires_timestamp_seconds', 'When it expires.', 'names', async () => ({}));
  metrics.sampled(runSamples({ lastEnded: async () => [] }));
  metrics.sampled({ gauges: [DAMAGED_IMAGES], ask: async () => ({}) });
  const rendered = [...(await metrics.render()).matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  const ours = rendered.filter((name) => !/^(process|nodejs)_/.test(name)).sort();
  const named = [...(await read('docs/operations.md')).matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name = '']) => name);
  expect(named.filter((name) => /_(total|seconds|outstanding|items|images)$/.test(name)).sort()).toEqual(ours);
});

test('the variables that pages name exist', async () => {
  const known = new Set([...Object.keys(shape), 'TEST_DATABASE_URL', 'TEST_S3_ENDPOINT', 'TEST_S3_KIND']);
  for (const name of ['TEST_S3_ACCESS_KEY_ID', 'TEST_S3_SECRET_ACCESS_KEY', 'TEST_COMPOSE', 'NODE_EXTRA_CA_CERTS'])
    known.add(name);
  for (const page of ['README.md', 'CONTRIBUTING.md', 'docs/operations.md']) {
    const named = [...(await read(page)).matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)[`=]/g)].map(([, name = '']) => name);
    const codes = new Set([
      'DATABASE_UNAVAILABLE',
      'STORAGE_UNAVAILABLE',
      'RATE_LIMITED',
      'LEASE_LOST',
      'TRUNCATE',
      'S3_*',
    ]);
    expect(named.filter((name) => !known.has(name) && !codes.has(name))).toEqual([]);
  }
});
