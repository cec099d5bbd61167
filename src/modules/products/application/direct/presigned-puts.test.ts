import { expect, test } from 'bun:test';
import { type ImageId, newId } from '../../../../kernel/ids';
import type { ObjectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import type { DirectImage } from '../../domain/direct-upload';
import { putTimes, signPuts } from './presigned-puts';

test('a PUT is said to end when it does: with the session of the store’s credentials, where that is sooner than asked for', () => {
  const now = new Date('2026-12-01T00:00:00.700Z');
  const sessionEnds = new Date('2026-12-01T00:06:00Z');
  const times = putTimes({ clock: () => now, putUrlTtlSeconds: 3600 });
  expect(times.expiresAt).toEqual(new Date('2026-12-01T01:00:00Z'));
  const image: DirectImage = {
    id: newId<ImageId>(),
    position: 0,
    isPrimary: true,
    key: 'a.jpg' as ObjectKey,
    contentType: 'image/jpeg',
    sizeBytes: 1,
    sha256: sha256OfBytes('x'),
    putExpiresAt: times.expiresAt,
  };
  const put = { method: 'PUT' as const, url: 'https://store.test/a.jpg', headers: {}, expiresAt: sessionEnds };
  expect(signPuts({ objects: { signPut: () => put } }, [image], times)).toEqual([{ ...put, imageId: image.id }]);
});
