import { expect, test } from 'bun:test';
import type { UploadBody } from '../../src/modules/products/domain/upload-body';
import { multipartBody } from '../../src/platform/http/multipart-body';
import type { MultipartBody } from '../../src/platform/http/multipart-port';
import { chunkedRequest, multipartBytes } from '../support/multipart';

type Same<A, B> = [A, B] extends [B, A] ? true : false;

test('what platform makes of a request is the upload body that products reads, and the other way round', () => {
  const same: Same<UploadBody, MultipartBody> = true;
  const limits = { totalBytes: 1_000, fields: 1, fieldBytes: 100 };
  const body: UploadBody = multipartBody(chunkedRequest([multipartBytes([])]), limits);
  expect([same, body.contentLength]).toEqual([true, null]);
});
