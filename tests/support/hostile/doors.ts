import { sha256OfBytes } from '../../../src/kernel/sha256';
import { multipartBytes, multipartType, type TestPart } from '../multipart';
import { PROMPT, type SellerClient, seen } from '../seller-client';
import type { HostileFile } from './hostile-file';

/** What became of a file at a door. */
export type Outcome =
  | { readonly is: 'taken'; readonly productId: string }
  /** `at` says at which step of a direct upload. */
  | {
      readonly is: 'refused';
      readonly at: 'once' | 'start' | 'completion';
      readonly status: number;
      readonly code: string;
    };

/** Brings one file to a server, as the only one of a product. @throws Error for an answer that is neither */
export type Door = (seller: SellerClient, file: HostileFile, bytes: Buffer) => Promise<Outcome>;

const typeOf = ({ contentType }: HostileFile, bytes: Buffer) =>
  contentType ?? (bytes[0] === 0x89 ? 'image/png' : 'image/jpeg');

const rest: Door = async (seller, file, bytes) => {
  const part: TestPart = {
    name: 'images',
    fileName: file.fileName ?? 'photo.jpg',
    type: typeOf(file, bytes),
    content: bytes,
  };
  const headers = { ...seller.headers, 'content-type': multipartType() };
  const body = multipartBytes([{ name: 'prompt_text', content: PROMPT }, part]);
  return outcomeOf('once', await fetch(`${seller.url}/api/products`, { method: 'POST', headers, body }));
};

/** As a browser sends a form: it writes the header of the part, and escapes what would break out of it. */
const trpc: Door = async (seller, file, bytes) => {
  const form = new FormData();
  form.set('prompt_text', PROMPT);
  form.set('images', new File([new Uint8Array(bytes)], file.fileName ?? 'photo.jpg', { type: typeOf(file, bytes) }));
  const response = await fetch(`${seller.url}/trpc/products.create`, {
    method: 'POST',
    headers: seller.headers,
    body: form,
  });
  return outcomeOf('once', response);
};

const direct: Door = async (seller, file, bytes) => {
  const image = {
    file_name: file.fileName ?? 'photo.jpg',
    content_type: typeOf(file, bytes),
    file_size_bytes: bytes.length,
    sha256: sha256OfBytes(bytes),
  };
  const started = await seller.call('POST', '/api/uploads', { prompt_text: PROMPT, images: [image] });
  if (started.status !== 201) return outcomeOf('start', started);
  const { product_id, uploads } = (await started.json()) as Started;
  for (const { method, url, headers } of uploads) {
    const put = await fetch(url, { method, headers, body: new Uint8Array(bytes) });
    if (!put.ok) throw new Error(`the PUT answered ${put.status}: ${await put.text()}`);
  }
  const completed = await seller.call('POST', `/api/uploads/${product_id}/complete`);
  if (completed.status === 200) return { is: 'taken', productId: product_id };
  const outcome = await problemOf(completed);
  await seller.call('DELETE', `/api/uploads/${product_id}`);
  return outcome;
};

export const DOORS = { REST: rest, tRPC: trpc, 'direct upload': direct } as const;
export type DoorName = keyof typeof DOORS;

interface Started {
  readonly product_id: string;
  readonly uploads: readonly { method: string; url: string; headers: Record<string, string> }[];
}

async function outcomeOf(at: 'once' | 'start', response: Response): Promise<Outcome> {
  const body = await response.text();
  if (response.ok) {
    const found = /"id":"([0-9a-f-]{36})"/.exec(body)?.[1];
    if (found === undefined) throw new Error(`no id in ${body}`);
    return { is: 'taken', productId: found };
  }
  const [status, code] = await seen({ status: response.status, body });
  return { is: 'refused', at, status, code: code ?? '' };
}

/** UPLOAD_INCOMPLETE names one problem for each image. */
async function problemOf(response: Response): Promise<Outcome> {
  const body = await response.text();
  const [status, code] = await seen({ status: response.status, body });
  if (code !== 'UPLOAD_INCOMPLETE') return { is: 'refused', at: 'completion', status, code: code ?? '' };
  const { error } = JSON.parse(body) as { error: { details: { images: { problem: string }[] } } };
  return { is: 'refused', at: 'completion', status, code: error.details.images[0]?.problem ?? '' };
}
