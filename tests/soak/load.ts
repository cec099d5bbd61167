import { uploadDirectly } from '../support/direct-upload';
import { multipartBytes, multipartType, productParts } from '../support/multipart';
import { photo } from '../support/photos';
import { rawPost } from '../support/raw-http';
import { PROMPT, type SellerClient } from '../support/seller-client';
import { openSocket, untilMessages } from '../support/socket';

/** How often each was done, and what was not answered as it should be. */
export interface LoadReport {
  readonly done: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
}

export interface Load {
  /** Waits for what is under way. */
  end(): Promise<LoadReport>;
}

interface Lane {
  readonly name: string;
  readonly everyMs: number;
  /** @throws Error for an answer that is not the right one */
  turn(): Promise<void>;
}

/** Products of one lane that stay at a time: what a store holds is not what is measured. */
const KEPT = 6;
/** The most that is told of what went wrong. */
const TOLD = 20;

/** Uploads by both ways, readers, followers, refusals and clients that leave in the middle, each in lanes at a steady pace. */
export async function startLoad(seller: SellerClient, port: number): Promise<Load> {
  const photos = await Promise.all([1, 2].map((seed) => photo({ seed })));
  // the first one before the others begin: then there are photos to see and events to hear
  const products = [(await uploadDirectly(seller, photos)).id as string];
  const lanes: Lane[] = [
    uploading('upload', seller, products, async () => {
      const response = await expectStatus(seller.upload(photos), 201);
      return ((await response.json()) as { id: string }).id;
    }),
    uploading('direct upload', seller, [], async () => (await uploadDirectly(seller, photos)).id),
    { name: 'read', everyMs: 100, turn: () => read(seller) },
    { name: 'look at photos', everyMs: 200, turn: () => lookAtPhotos(seller, products.at(-1)) },
    { name: 'follow events', everyMs: 500, turn: () => followAWhile(seller) },
    { name: 'be refused', everyMs: 300, turn: () => beRefused(seller) },
    { name: 'leave in the middle', everyMs: 700, turn: () => leaveInTheMiddle(seller, port, photos) },
  ];
  return run(lanes);
}

/** Uploads one, and deletes the one that has been there for longest. */
function uploading(name: string, seller: SellerClient, kept: string[], upload: () => Promise<string>): Lane {
  const turn = async () => {
    kept.push(await upload());
    const oldest = kept.length > KEPT ? kept.shift() : undefined;
    if (oldest) await drained(seller.call('DELETE', `/api/products/${oldest}`), 204);
  };
  return { name, everyMs: 400, turn };
}

function run(lanes: readonly Lane[]): Load {
  const done: Record<string, number> = {};
  const wrong: string[] = [];
  let going = true;
  const running = lanes.map(async ({ name, everyMs, turn }) => {
    while (going) {
      try {
        await turn();
        done[name] = (done[name] ?? 0) + 1;
      } catch (error) {
        if (wrong.length < TOLD) wrong.push(`${name}: ${error}`);
      }
      await Bun.sleep(everyMs * (0.75 + Math.random() / 2));
    }
  });
  return {
    async end() {
      going = false;
      await Promise.all(running);
      return { done, wrong };
    },
  };
}

async function read(seller: SellerClient): Promise<void> {
  await drained(seller.call('GET', '/api/products?limit=20'), 200);
  await seller.trpc().products.list.query({ limit: 5 });
}

async function lookAtPhotos(seller: SellerClient, id: string | undefined): Promise<void> {
  if (id === undefined) return;
  const response = await seller.call('GET', `/api/products/${id}`);
  // deleted meanwhile
  if (response.status === 404) return void (await response.body?.cancel());
  const { images } = (await response.json()) as { images: { original_url: string }[] };
  for (const { original_url } of images) {
    const seen = await fetch(original_url);
    await seen.arrayBuffer();
    if (seen.status !== 200 && seen.status !== 404) throw new Error(`a photo answered ${seen.status}`);
  }
}

async function followAWhile(seller: SellerClient): Promise<void> {
  const socket = await openSocket(seller.url, '/ws/products?last_event_id=0', { token: seller.accessToken });
  await untilMessages(socket, 1);
  socket.close();
  await socket.closed;
}

async function beRefused(seller: SellerClient): Promise<void> {
  await drained(seller.call('GET', `/api/products/${Bun.randomUUIDv7()}`), 404);
  await drained(fetch(`${seller.url}/api/products`), 401);
  await drained(seller.post('/api/products', productParts('short', [Buffer.from('no photo')])), 422);
  await drained(fetch(`${seller.url}/files/nobody/knows?signature=0`), 403);
}

async function leaveInTheMiddle({ headers }: SellerClient, port: number, photos: readonly Buffer[]): Promise<void> {
  const body = multipartBytes(productParts(PROMPT, photos));
  const length = { 'content-type': multipartType(), 'content-length': String(body.length) };
  const answer = rawPost(port, {
    path: '/api/products',
    headers: { ...headers, ...length },
    async send(write, socket) {
      await write(body.subarray(0, body.length / 2));
      socket.destroy();
    },
  });
  const seen = await answer.then(({ status }) => status).catch(() => null);
  if (seen !== null) throw new Error(`half a body was answered with ${seen}`);
}

async function drained(answer: Promise<Response>, status: number): Promise<void> {
  await (await expectStatus(answer, status)).arrayBuffer();
}

async function expectStatus(answer: Promise<Response>, status: number): Promise<Response> {
  const response = await answer;
  if (response.status === status) return response;
  throw new Error(`${response.status} instead of ${status}: ${await response.text()}`);
}
