import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { chunkedRequest, cutAt, multipartBytes, multipartType, type TestPart } from '../../../tests/support/multipart';
import { isAppError } from '../../kernel/app-error';
import { type MultipartOptions, multipartBody } from './multipart-body';
import type { MultipartLimits } from './multipart-port';

const LIMITS: MultipartLimits = { totalBytes: 1_000_000, fields: 4, fieldBytes: 1_000 };
const isFileField = (name: string): boolean => name === 'images' || name === 'images[]';

async function partsOf(request: Request, limits = LIMITS, options: MultipartOptions = { isFileField }) {
  const seen: unknown[] = [];
  await multipartBody(request, limits, options).read({
    field(name, value) {
      seen.push({ name, value });
    },
    async file({ field, fileName, index, bytes }) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) chunks.push(Uint8Array.from(chunk));
      seen.push({ field, fileName, index, content: Buffer.concat(chunks).toString('hex') });
    },
  });
  return seen;
}

async function codeOf(request: Request, limits = LIMITS): Promise<string> {
  return partsOf(request, limits).then(
    () => 'accepted',
    (error) => (isAppError(error) ? error.code : String(error)),
  );
}

const boundary = 'frontier';
const content = fc
  .array(
    fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constantFrom('\r\n--', '\r', '\n--front', '--frontie', '\r\n')),
    {
      maxLength: 6,
    },
  )
  .map((pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece))))
  .filter((bytes) => !bytes.includes(`--${boundary}`));
const name = fc.constantFrom('images', 'images[]', 'prompt_text', 'ñandú');
const filePart = fc.record({ name, fileName: fc.constantFrom('a.jpg', 'café 1.png', 'b'), content });
const fieldPart = fc.record({ name: fc.constantFrom('prompt_text', 'primary_index', 'año'), content: fc.string() });
const body = fc
  .array(fc.oneof(filePart, fieldPart), { minLength: 1, maxLength: 4 })
  .map((parts: TestPart[]) => ({ parts, bytes: multipartBytes(parts, boundary) }));

function request(bytes: Uint8Array, places: readonly number[] = []): Request {
  return chunkedRequest(cutAt(bytes, places), multipartType(boundary));
}

describe('a multipart body', () => {
  test('gives the same parts however the network cuts it', async () => {
    await fc.assert(
      fc.asyncProperty(body, fc.array(fc.nat(400), { maxLength: 30 }), async ({ parts, bytes }, places) => {
        const expected = expectedParts(parts);
        expect(await partsOf(request(bytes, places))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test('gives the same parts when chunks are freed after their reading, however slow that is', async () => {
    await fc.assert(
      fc.asyncProperty(body, fc.array(fc.nat(400), { maxLength: 30 }), async ({ parts, bytes }, places) => {
        const owned = cutAt(bytes, places).map((chunk) => Uint8Array.from(chunk));
        const request = chunkedRequest(owned, multipartType(boundary));
        expect(await partsOf(request, LIMITS, { isFileField, freesChunks: true })).toEqual(expectedParts(parts));
        expect(owned.slice(0, -2).filter((chunk) => chunk.byteLength > 0).length).toBeLessThanOrEqual(parts.length);
      }),
      { numRuns: 300 },
    );
  });

  test('gives the same parts byte by byte', async () => {
    await fc.assert(
      fc.asyncProperty(body, async ({ parts, bytes }) => {
        expect(await partsOf(request(bytes, [...bytes.keys()]))).toEqual(expectedParts(parts));
      }),
      { numRuns: 50 },
    );
  });

  test('cut off anywhere before its closing delimiter is malformed, and never hangs', async () => {
    await fc.assert(
      fc.asyncProperty(body, fc.nat(), fc.nat(400), async ({ bytes }, cut, place) => {
        const whole = bytes.length - '\r\n'.length;
        expect(await codeOf(request(bytes.subarray(0, cut % whole), [place]))).toBe('MALFORMED_REQUEST');
      }),
      { numRuns: 300 },
    );
  });

  test('may have a preamble and an epilogue', async () => {
    const bytes = multipartBytes([{ name: 'a', content: 'b' }], boundary);
    const dressed = Buffer.concat([Buffer.from('preamble\r\n'), bytes, Buffer.from('epilogue'.repeat(50))]);
    expect(await partsOf(request(dressed, [3, 60, 70]))).toEqual([{ name: 'a', value: 'b' }]);
  });

  test('reads a file named in the RFC 5987 way and drops the folders of a name', async () => {
    const part = (disposition: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="images"; ${disposition}\r\n\r\nx\r\n`;
    const text = `${part("filename*=UTF-8''caf%C3%A9.jpg")}${part('filename="C:\\\\photos\\\\a.jpg"')}--${boundary}--\r\n`;
    const names = (await partsOf(request(Buffer.from(text)))).map((seen) => (seen as { fileName: string }).fileName);
    expect(names).toEqual(['café.jpg', 'a.jpg']);
  });
});

describe('what is refused', () => {
  const one = multipartBytes([{ name: 'images', fileName: 'a.jpg', content: 'x'.repeat(5_000) }]);

  test.each([
    ['another content type', 'application/json', 'MALFORMED_REQUEST'],
    ['a content type that only begins alike', 'multipart/form-database; boundary=x', 'MALFORMED_REQUEST'],
    ['no boundary', 'multipart/form-data', 'MALFORMED_REQUEST'],
    ['an empty boundary', 'multipart/form-data; boundary=', 'MALFORMED_REQUEST'],
    ['a boundary of 300 characters', `multipart/form-data; boundary=${'b'.repeat(300)}`, 'MALFORMED_REQUEST'],
    ["a boundary that is not the body's", multipartType('other'), 'MALFORMED_REQUEST'],
  ])('%s', async (_what, type, code) => {
    expect(await codeOf(chunkedRequest([one], type))).toBe(code);
  });

  test('an empty body and a missing one', async () => {
    expect(await codeOf(chunkedRequest([]))).toBe('MALFORMED_REQUEST');
    const none = new Request('http://test.invalid', { method: 'POST', headers: { 'content-type': multipartType() } });
    expect(await codeOf(none)).toBe('MALFORMED_REQUEST');
  });

  test.each([
    ['no filename, by its field', { name: 'images[]', content: 'x' }],
    ['no filename, by its type', { name: 'photo', type: 'image/jpeg', content: 'x' }],
    ['an empty filename', { name: 'images', fileName: '', type: 'application/octet-stream', content: '' }],
    ['no name', { fileName: 'a.jpg', content: 'x' }],
  ])('a file part with %s', async (_what, part) => {
    expect(await codeOf(chunkedRequest([multipartBytes([part])]))).toBe('MALFORMED_REQUEST');
  });

  test.each([
    ['without Content-Disposition', 'Content-Type: image/jpeg\r\n\r\nx'],
    ['without headers', '\r\nx'],
    ['of another disposition', 'Content-Disposition: attachment; name="images"; filename="b.jpg"\r\n\r\nx'],
    [
      'with a line break in its name',
      "Content-Disposition: form-data; name*=UTF-8''im%0Aages; filename=b.jpg\r\n\r\nx",
    ],
    [
      'with a line break in its filename',
      'Content-Disposition: form-data; name="images"; filename*=UTF-8\'\'a%0Ab.jpg\r\n\r\nx',
    ],
    [
      'with more headers than are read',
      `${Array.from({ length: 40 }, (_, i) => `X-${i}: 1\r\n`).join('')}Content-Disposition: form-data; name="images"; filename="b.jpg"\r\n\r\nx`,
    ],
    [
      'with longer headers than are read',
      `X-Long: ${'l'.repeat(20_000)}\r\nContent-Disposition: form-data; name="images"; filename="b.jpg"\r\n\r\nx`,
    ],
    ['whose headers never end', 'Content-Disposition: form-data; name="images"; filename="b.jpg"'],
  ])('a part %s, wherever it is: no photo is dropped without a word', async (_what, part) => {
    const good = `--${boundary}\r\nContent-Disposition: form-data; name="images"; filename="a.jpg"\r\n\r\nx\r\n`;
    const bad = `--${boundary}\r\n${part}\r\n`;
    for (const parts of [bad + good, good + bad, good + bad + good]) {
      expect(await codeOf(request(Buffer.from(`${parts}--${boundary}--\r\n`)))).toBe('MALFORMED_REQUEST');
    }
  });

  test('a field over its size, and too many fields', async () => {
    const long = multipartBytes([{ name: 'prompt_text', content: 'x'.repeat(1_001) }]);
    const many = multipartBytes(Array.from({ length: 5 }, () => ({ name: 'a', content: 'b' })));
    expect(await codeOf(chunkedRequest([long]))).toBe('VALIDATION_FAILED');
    expect(await codeOf(chunkedRequest([many]))).toBe('VALIDATION_FAILED');
  });

  test('a body that grows over the limit while it comes', async () => {
    expect(await codeOf(chunkedRequest(cutAt(one, [1_000, 3_000])), { ...LIMITS, totalBytes: 4_000 })).toBe(
      'REQUEST_TOO_LARGE',
    );
  });

  test('an announced length over the limit, without reading a byte', async () => {
    const headers = { 'content-type': multipartType(), 'content-length': '10000000000' };
    const announced = new Request('http://test.invalid', { method: 'POST', headers, body: one.toString('latin1') });
    expect(await codeOf(announced)).toBe('REQUEST_TOO_LARGE');
    expect(announced.bodyUsed).toBe(false);
  });
});

function expectedParts(parts: readonly TestPart[]): unknown[] {
  let index = 0;
  return parts.map(({ name, fileName, content }) =>
    fileName === undefined
      ? { name, value: content }
      : { field: name, fileName, index: index++, content: Buffer.from(content).toString('hex') },
  );
}
