import type { SendPut } from './put';

const CHUNK_BYTES = 128 * 1024;

/**
 * For service workers, which have no XMLHttpRequest: the body is the file itself, because a browser's fetch would send a stream without
 * its length. What has left is told when all of it has.
 */
export const putWhole: SendPut = async (put, file, { signal, onSent }) => {
  const response = await fetch(put.url, { method: 'PUT', headers: { ...put.headers }, body: file, signal });
  await response.arrayBuffer();
  onSent(file.size);
  return response.status;
};

/** For Bun: the body is a stream, which is read as fast as the connection takes it, so that its bytes can be counted. */
export const putStreamed: SendPut = async (put, file, { signal, onSent }) => {
  const response = await fetch(put.url, {
    method: 'PUT',
    // Bun sends a stream of a length that it is told without chunked encoding, which the signature would not allow.
    headers: { ...put.headers, 'content-length': String(file.size) },
    body: counted(file, onSent),
    signal,
  });
  await response.arrayBuffer();
  return response.status;
};

function counted(file: Blob, onSent: (bytes: number) => void): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = new Uint8Array(await file.slice(sent, sent + CHUNK_BYTES).arrayBuffer());
        sent += chunk.byteLength;
        if (chunk.byteLength === 0) controller.close();
        else controller.enqueue(chunk);
        onSent(sent);
      },
    },
    { highWaterMark: 0 },
  );
}
