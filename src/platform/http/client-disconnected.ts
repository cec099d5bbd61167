/** The client closed the connection before its request was read: there is nobody to answer, only files to remove. */
export class ClientDisconnected extends Error {
  override readonly name = 'AbortError';

  constructor(cause?: unknown) {
    super('the client disconnected', { cause });
  }
}
