/** One part of a body for a test; what is undefined is left out of its headers. */
export interface TestPart {
  readonly name?: string;
  readonly fileName?: string;
  readonly type?: string;
  readonly content: string | Uint8Array;
}

export const TEST_BOUNDARY = '----test-boundary-7Ma4YWxk';

/** A multipart/form-data body, byte for byte as a client would send it. */
export function multipartBytes(parts: readonly TestPart[], boundary = TEST_BOUNDARY): Buffer<ArrayBuffer> {
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${boundary}\r\n${headersOf(part)}\r\n`),
    Buffer.from(part.content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

/** The parts of a product as API.md has them. */
export function productParts(prompt: string, photos: readonly Uint8Array[], field = 'images'): TestPart[] {
  const files = photos.map((content, index) => ({
    name: field,
    fileName: `photo-${index}.jpg`,
    type: 'image/jpeg',
    content,
  }));
  return [{ name: 'prompt_text', content: prompt }, ...files];
}

export function multipartType(boundary = TEST_BOUNDARY): string {
  return `multipart/form-data; boundary=${boundary}`;
}

/** A request whose body arrives in the given chunks, without an announced length. */
export function chunkedRequest(
  chunks: Iterable<Uint8Array>,
  contentType = multipartType(),
  signal?: AbortSignal,
): Request {
  const waiting = [...chunks];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = waiting.shift();
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
  return streamRequest(body, contentType, signal);
}

function streamRequest(body: ReadableStream<Uint8Array>, contentType = multipartType(), signal?: AbortSignal): Request {
  const init = { method: 'POST', body, headers: { 'content-type': contentType }, ...(signal ? { signal } : {}) };
  return new Request('http://test.invalid/api/products', init);
}

/** Cuts bytes at the given places; places outside are ignored. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const inside = [...new Set(places)].filter((place) => place > 0 && place < bytes.length).sort((a, b) => a - b);
  return [0, ...inside].map((start, index) => bytes.subarray(start, inside[index] ?? bytes.length));
}

function headersOf(part: TestPart): string {
  const name = part.name === undefined ? '' : `; name="${part.name}"`;
  const fileName = part.fileName === undefined ? '' : `; filename="${part.fileName}"`;
  const type = part.type === undefined ? '' : `Content-Type: ${part.type}\r\n`;
  return `Content-Disposition: form-data${name}${fileName}\r\n${type}`;
}
