import { expect, test } from 'bun:test';
import { objectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import type { BackedObject, BlobName } from '../../domain/backed-object';
import { TooMuchAbsent } from '../../domain/backup-faults';
import { AbsentObjects } from './absent-objects';

function absent(count: number, all: number): AbsentObjects {
  const objects = new AbsentObjects(() => all);
  for (let n = 0; n < count; n += 1) objects.add(anObject(n));
  return objects;
}

function anObject(n: number): BackedObject {
  const sha256 = sha256OfBytes(String(n));
  return {
    name: sha256 as string as BlobName,
    sha256,
    sizeBytes: 1,
    role: 'original',
    key: objectKey(`products/${n}.jpg`),
  };
}

test('a hundred objects may be absent, of however few, and one in a hundred of many: more are the wrong bucket', () => {
  expect(absent(100, 100).count).toBe(100);
  expect(() => absent(101, 100)).toThrow(TooMuchAbsent);
  expect(absent(200, 20_000).count).toBe(200);
  expect(() => absent(201, 20_000)).toThrow(TooMuchAbsent);
});

test('one that is found absent twice is one, and they are told by their names in order', () => {
  const objects = absent(3, 3);
  objects.add(anObject(1));
  expect(objects.count).toBe(3);
  const names = objects.sorted().map(({ name }) => name as string);
  expect(names).toEqual([...names].sort());
});
