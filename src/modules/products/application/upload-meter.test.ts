import { expect, test } from 'bun:test';
import { authenticatedPrincipal } from '../../../kernel/authenticated-principal';
import { newId, type ProductId, type UserId } from '../../../kernel/ids';
import type { Seller } from '../../../kernel/principal';
import { stateOfDirectUpload, type UploadState } from '../domain/upload-progress';
import { UploadMeter } from './upload-meter';

const seller = authenticatedPrincipal({ userId: newId<UserId>(), role: 'seller' }) as Seller;
const productId = newId<ProductId>();

function metered(totalBytes: number | null) {
  const told: UploadState[] = [];
  const meter = new UploadMeter({ tell: (state) => told.push(state) }, { seller, productId, totalBytes });
  return { meter, told: () => told.map((state) => [state.uploadedImages, state.totalImages, state.progressPercent]) };
}

test('an upload is told by its bytes, image by image, and is 100 % only in the store', () => {
  const { meter, told } = metered(1_000);
  meter.imageBegan();
  for (let sent = 0; sent < 500; sent += 1) meter.received(1);
  meter.imageIsWhole();
  meter.imageBegan();
  meter.received(500);
  meter.imageIsWhole();
  expect(told().slice(0, 3)).toEqual([
    [0, 1, 0],
    [0, 1, 1],
    [0, 1, 2],
  ]);
  expect(told().slice(-4)).toEqual([
    [1, 1, 50],
    [1, 2, 50],
    [1, 2, 99],
    [2, 2, 99],
  ]);
  meter.stored();
  expect(told().at(-1)).toEqual([2, 2, 100]);
  expect(told().length).toBeLessThan(60);
});

test('of a body whose length nobody knows there is no percentage until its end', () => {
  const { meter, told } = metered(null);
  meter.imageBegan();
  meter.received(5_000);
  meter.imageIsWhole();
  meter.stored();
  expect(told()).toEqual([
    [0, 1, 0],
    [1, 1, 0],
    [1, 1, 100],
  ]);
});

test('of a direct upload the bytes that are in the store count', () => {
  const images = [{ sizeBytes: 100 }, { sizeBytes: 300 }];
  const state = stateOfDirectUpload({ userId: seller.userId, productId }, images, (index) => index === 1);
  expect(state).toMatchObject({
    userId: seller.userId,
    productId,
    uploadedImages: 1,
    totalImages: 2,
    progressPercent: 75,
  });
});
