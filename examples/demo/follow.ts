import type { Api } from './api';
import { DemoError } from './demo-error';
import type { Screen } from './terminal';

interface StatusEvent {
  readonly type: string;
  readonly data: { readonly status?: string; readonly progress?: number; readonly message?: string };
}

/** How long to wait for the next news, by what came last. */
const PATIENCE_MS = { uploading: 20_000, processing: 7000, atWork: 60_000 };

/**
 * Shows what becomes of the product, as its seller's app hears of it, until it is ready or has failed, or nobody works on it.
 * @throws DemoError the server does not let it be followed
 */
export function followProduct(api: Api, id: string, screen: Screen): Promise<void> {
  const began = performance.now();
  const address = `${api.url.replace(/^http/, 'ws')}/ws/products/${id}/status?last_event_id=0`;
  const socket = new WebSocket(address, ['bearer', api.accessToken]);
  return new Promise((resolve, reject) => {
    let isOpen = false;
    let timer = setTimeout(end, PATIENCE_MS.uploading);
    function end(): void {
      clearTimeout(timer);
      socket.close();
      resolve();
    }
    socket.onopen = () => {
      isOpen = true;
    };
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(String(data)) as StatusEvent;
      const shown = wordsOf(event);
      if (shown === null) return;
      screen.line(`${shown.padEnd(48)} ${((performance.now() - began) / 1000).toFixed(1)} s`);
      clearTimeout(timer);
      if (['ready', 'failed'].includes(event.data.status ?? '')) end();
      else timer = setTimeout(end, patienceFor(event));
    };
    socket.onclose = () => {
      clearTimeout(timer);
      if (isOpen) resolve();
      else reject(new DemoError(`${api.url} does not let the product be followed.`));
    };
    socket.onerror = () => undefined; // a close follows
  });
}

function wordsOf({ type, data }: StatusEvent): string | null {
  if (type !== 'status_change' || data.status === undefined) return null;
  const progress = data.progress === undefined ? '' : ` ${data.progress} %`;
  return `${data.status}${progress}${data.message ? `: ${data.message}` : ''}`;
}

function patienceFor({ data: { status, progress } }: StatusEvent): number {
  if (progress !== undefined) return PATIENCE_MS.atWork;
  return status === 'processing' ? PATIENCE_MS.processing : PATIENCE_MS.uploading;
}
