import { expect, test } from 'bun:test';
import { loadSettings } from '../config/load';
import { switchOfStores } from './switch-of-stores';

const TARGET = {
  TARGET_S3_BUCKET_NAME: 'new-images',
  TARGET_S3_ENDPOINT_URL: 'https://s3.example.com',
  TARGET_S3_ACCESS_KEY_ID: 'the-id',
  TARGET_S3_SECRET_ACCESS_KEY: 'the-secret-that-nobody-reads',
};

test('the switch to S3 names every variable with its new value, and shows no secret', () => {
  const names = { buckets: ['intellipost-images', 'older'], target: 'new-images' };
  const text = switchOfStores(loadSettings(TARGET), { bucket: 'new-images' }, names).join('\n');
  expect(text).toContain('S3_BUCKET_NAME=new-images\n');
  expect(text).toContain('S3_ENDPOINT_URL=https://s3.example.com\n');
  expect(text).toContain('S3_FORMER_BUCKET_NAMES=intellipost-images,older\n');
  expect(text).toContain('S3_SECRET_ACCESS_KEY=<that of TARGET_S3_SECRET_ACCESS_KEY>');
  expect(text).not.toMatch(/the-id|the-secret/);
  expect(text).toContain('store migrate --to s3 --prune');
});

test('keys that the machine’s role gives are not asked for', () => {
  const settings = loadSettings({ TARGET_S3_BUCKET_NAME: 'new-images' });
  const names = { buckets: ['a'], target: 'new-images' };
  expect(switchOfStores(settings, { bucket: 'new-images' }, names).join('\n')).not.toContain('ACCESS_KEY');
});

test('keys of the source are emptied where the machine’s role signs at the target', () => {
  const keys = { S3_BUCKET_NAME: 'a', S3_ACCESS_KEY_ID: 'old-id', S3_SECRET_ACCESS_KEY: 'the-old-secret' };
  const settings = loadSettings({ ...keys, TARGET_S3_BUCKET_NAME: 'new-images' });
  const lines = switchOfStores(settings, { bucket: 'new-images' }, { buckets: ['a'], target: 'new-images' });
  expect(lines).toContain('     S3_ACCESS_KEY_ID=');
  expect(lines).toContain('     S3_SECRET_ACCESS_KEY=');
});

test('URLs of the bucket that is left are said to live on for 90 minutes; those of the disk end with the switch', () => {
  const names = { buckets: ['images'], target: 'new-images' };
  const left = (settings: Record<string, string>) =>
    switchOfStores(loadSettings({ ...TARGET, ...settings }), { bucket: 'new-images' }, names).join('\n');
  expect(left({ S3_BUCKET_NAME: 'images' })).toContain(
    'URLs that were signed before open images for up to 90 minutes more, also where they are revoked',
  );
  expect(left({ S3_BUCKET_NAME: 'images' })).toContain('disable the key that signed them');
  expect(left({})).not.toContain('minutes');
});

test('the switch to the disk empties the bucket’s name; a bucket that keeps its name is no former one', () => {
  const names = { buckets: ['images', 'intellipost-images'], target: 'intellipost-images' };
  const lines = switchOfStores(loadSettings({ S3_BUCKET_NAME: 'images' }), null, names);
  expect(lines).toContain('     S3_BUCKET_NAME=');
  expect(lines).toContain('     S3_FORMER_BUCKET_NAMES=images');
  expect(lines.join('\n')).toContain('--to disk --prune');
});
