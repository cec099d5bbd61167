/** Whether a container engine answers, where DOCKER_HOST or the usual socket says. Asked once. */
export function dockerAnswers(): Promise<boolean> {
  answered ??= ping();
  return answered;
}

let answered: Promise<boolean> | undefined;

async function ping(): Promise<boolean> {
  const host = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
  const request = host.startsWith('unix://')
    ? fetch('http://docker/_ping', { unix: host.slice('unix://'.length), signal: AbortSignal.timeout(3000) })
    : fetch(`${host.replace(/^tcp:/, 'http:')}/_ping`, { signal: AbortSignal.timeout(3000) });
  return request.then(
    (response) => response.ok,
    () => false,
  );
}
