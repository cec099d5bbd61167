import type { SendPut } from './put';

/** For pages: the one way by which a browser tells how many bytes of a body have left. */
export const putByXhr: SendPut = (put, file, { signal, onSent }) => {
  const request = new XMLHttpRequest();
  const settled = new AbortController();
  const answer = new Promise<number>((resolve, reject) => {
    request.onload = () => resolve(request.status);
    // A page is not told whether the connection was lost or CORS forbade it to see the answer.
    request.onerror = () => reject(new Error('no answer from the store, or its CORS rules do not allow this page'));
    const abort = () => {
      request.abort();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { signal: settled.signal });
    if (signal.aborted) abort();
  });
  request.open('PUT', put.url);
  for (const [name, value] of Object.entries(put.headers)) request.setRequestHeader(name, value);
  request.upload.onprogress = ({ loaded }) => onSent(loaded);
  if (!signal.aborted) request.send(file);
  return answer.finally(() => settled.abort());
};
