import type { SendPut } from './put';

/** For pages: the one way by which a browser tells how many bytes of a body have left. */
export const putByXhr: SendPut = (put, file, { signal, onSent }) => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = new XMLHttpRequest();
  const abort = () => {
    request.abort();
    reject(signal.reason);
  };
  request.open('PUT', put.url);
  for (const [name, value] of Object.entries(put.headers)) request.setRequestHeader(name, value);
  request.upload.onprogress = ({ loaded }) => onSent(loaded);
  request.onload = () => resolve(request.status);
  // A page is not told whether the connection was lost or CORS forbade it to see the answer.
  request.onerror = () => reject(new Error('no answer from the store, or its CORS rules do not allow this page'));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  else request.send(file);
  return promise.finally(() => signal.removeEventListener('abort', abort));
};
