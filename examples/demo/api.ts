import { DemoError } from './demo-error';

/** The REST door of a running server, as any HTTP client sees it. */
export interface Api {
  readonly url: string;
  /** @returns the parsed JSON of an answer with status 2xx. @throws DemoError with the server's own code and message */
  call(method: string, path: string, body?: object): Promise<unknown>;
  /** Sends this access token from now on. */
  logIn(accessToken: string): void;
  readonly accessToken: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @throws DemoError no server answers there */
export async function connect(url: string): Promise<Api> {
  let token = '';
  const headers = (): Record<string, string> => (token === '' ? {} : { authorization: `Bearer ${token}` });
  await requireServer(url);
  return {
    url,
    async call(method, path, body) {
      const json = { ...headers(), 'content-type': 'application/json' };
      const init =
        body === undefined ? { method, headers: headers() } : { method, headers: json, body: JSON.stringify(body) };
      const response = await fetch(url + path, init);
      return answered(response.status, await response.text());
    },
    logIn(accessToken) {
      token = accessToken;
    },
    get accessToken() {
      return token;
    },
    get headers() {
      return headers();
    },
  };
}

/** @throws DemoError unless the status is 2xx */
export function answered(status: number, body: string): unknown {
  const parsed = parsedJson(body);
  if (status >= 200 && status < 300) return parsed;
  const { code, message } = (parsed as { error?: { code?: string; message?: string } } | undefined)?.error ?? {};
  throw new DemoError(code ? `The server answered ${status} ${code}: ${message}` : `The server answered ${status}.`);
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function requireServer(url: string): Promise<void> {
  const health = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5000) }).catch(() => null);
  if (health?.ok) return;
  throw new DemoError(
    `No server answers at ${url}. Start one with \`bun start\`, or name another: bun run demo --url http://host:port`,
  );
}
