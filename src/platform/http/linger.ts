export interface LingerOptions {
  /** How long to go on reading what the client still sends, in milliseconds. */
  readonly maxMs?: number;
  /** A silence after which the client has evidently stopped, in milliseconds. */
  readonly quietMs?: number;
}

/**
 * Answers a request whose body was not read to its end: sends the answer at once, then reads and drops what the client
 * still sends before ending the response. Browsers and some clients look for an answer only after they have sent
 * everything, and report a reset instead of the refusal when the connection closes under them.
 * @param answer a small one; its body is read into memory. Never with `Connection: close`.
 */
export function linger(request: Request, answer: Response, options: LingerOptions = {}): Response {
  const rest = request.body;
  if (rest === null || rest.locked) return answer;
  const headers = new Headers(answer.headers);
  headers.delete('content-length');
  const { maxMs = 5_000, quietMs = 1_000 } = options;
  const stream = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(await answer.bytes());
      await drain(rest, maxMs, quietMs);
      controller.close();
    },
  });
  return new Response(stream, { status: answer.status, statusText: answer.statusText, headers });
}

async function drain(body: ReadableStream<Uint8Array>, maxMs: number, quietMs: number): Promise<void> {
  const reader = body.getReader();
  // Releasing the lock rejects the read under way: that is how the drain ends.
  const atMost = setTimeout(() => reader.releaseLock(), maxMs);
  let quiet = setTimeout(() => reader.releaseLock(), quietMs);
  try {
    while (!(await reader.read()).done) quiet = quiet.refresh();
  } catch {
    // Released by a timer or left by the client: either way there is nothing more to do for it.
  } finally {
    clearTimeout(atMost);
    clearTimeout(quiet);
    reader.releaseLock();
  }
}
