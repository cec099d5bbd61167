import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { generateDocs } from '../../scripts/generate-docs';
import { loadSettings } from '../../src/config/load';
import { shape } from '../../src/config/shape';

const repository = resolve(import.meta.dir, '../..');
const example = await Bun.file(join(repository, '.env.example')).text();
const assigned = (pattern: RegExp) =>
  Object.fromEntries(
    [...example.matchAll(pattern)].map(([, name = '', value = '']) => [name, value.replaceAll("'", '')]),
  );

test('the generated documents in the repository are what the code says', async () => {
  expect(await generateDocs(true)).toEqual([]);
});

test('a document that drifted is named, and written again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'docs-'));
  const all = await generateDocs(false, folder);
  await Bun.write(join(folder, 'docs/environment.md'), 'something else');
  expect(all).toContain('.env.example');
  expect(await generateDocs(true, folder)).toEqual(['docs/environment.md']);
  expect(await generateDocs(false, folder)).toEqual(['docs/environment.md']);
  expect(await generateDocs(true, folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

test('.env.example names every variable once, and its values are accepted', () => {
  const named = [...example.matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
  expect(named.sort()).toEqual(Object.keys(shape).sort());
  expect(loadSettings(assigned(/^([A-Z][A-Z0-9_]+)=(.*)$/gm)).S3_BUCKET_NAME).toBe('intellipost');
});

test('what .env.example shows as a comment is the default', () => {
  const shown = assigned(/^#([A-Z][A-Z0-9_]+)=(.*)$/gm);
  expect(loadSettings(shown)).toEqual(loadSettings({}));
});
