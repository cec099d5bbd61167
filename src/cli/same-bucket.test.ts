import { expect, test } from 'bun:test';
import { isSameBucket } from './same-bucket';

const at = (endpoint?: string, region = 'us-east-1') => ({
  bucket: 'images',
  region,
  ...(endpoint === undefined ? {} : { endpoint }),
});

test('one bucket is known by whatever address of Amazon’s it is named', () => {
  for (const endpoint of [
    'https://s3.amazonaws.com',
    'https://s3.eu-west-1.amazonaws.com:443/',
    'https://s3.dualstack.eu-west-1.amazonaws.com',
  ]) {
    expect(isSameBucket(at(), at(endpoint))).toBe(true);
    expect(isSameBucket(at(endpoint, 'eu-west-1'), at())).toBe(true);
  }
  expect(isSameBucket(at(undefined, 'cn-north-1'), at('https://s3.cn-north-1.amazonaws.com.cn'))).toBe(true);
  expect(isSameBucket(at(), at(undefined, 'cn-north-1'))).toBe(false);
  expect(isSameBucket(at(), at('https://amazonaws.com.example.net'))).toBe(false);
});

test('elsewhere an origin is the same however it is spelled, and another port or name is another store', () => {
  const same = (one: string, other: string) => isSameBucket(at(one), at(other));
  expect(same('https://s3.example.com', 'HTTPS://S3.example.com:443/')).toBe(true);
  expect(same('http://minio:9000', 'http://minio:9000/')).toBe(true);
  expect(same('http://minio:9000', 'http://minio:9001')).toBe(false);
  expect(same('http://minio:9000', 'https://minio:9000')).toBe(false);
  expect(isSameBucket(at('http://minio:9000'), { ...at('http://minio:9000'), bucket: 'others' })).toBe(false);
});
