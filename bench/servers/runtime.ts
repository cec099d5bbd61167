/** What `bun start` and the Dockerfile set; the servers that the app is compared with get the same. */
export const RUNTIME = { UV_THREADPOOL_SIZE: '16' };
