// The API as a typed client sees it: names, inputs, outputs and errors come from `type AppRouter` alone, nothing of the
// server is in the client. Run it against a server that runs:
//
//   bun examples/typed-client.ts http://localhost:3000 photo.jpg
import { join } from 'node:path';
import { TRPCClientError } from '@trpc/client';
// elsewhere: from 'intellipost-product-store/client'
import { type AppRouter, createClient } from '../src/client';

const OUR_PHOTO = join(import.meta.dir, 'photos/coffee-cup.jpg');
const [server = 'http://localhost:3000', photo = OUR_PHOTO] = process.argv.slice(2);
const { auth } = createClient({ url: server }).api;

const account = { email: `seller-${crypto.randomUUID()}@example.com`, password: 'a long enough password' };
await auth.register.mutate(account);
let session = auth.login.mutate(account).then(begun);
const { user } = await session;
console.log('logged in', user.email, user.role);

// An access token lives for minutes: it is renewed before its end, by one call at a time, because a refresh token is taken once.
const { api, uploadProduct } = createClient({ url: server, getToken });

function begun(tokens: Awaited<ReturnType<typeof auth.login.mutate>>) {
  return { ...tokens, renewAt: Date.now() + (tokens.expires_in - 30) * 1000 };
}

async function getToken(): Promise<string> {
  const before = session;
  const current = before.then((held) =>
    Date.now() < held.renewAt ? held : auth.refresh.mutate({ refresh_token: held.refresh_token }).then(begun),
  );
  session = current.catch(() => before);
  return (await current).access_token;
}

const form = new FormData();
form.set('prompt_text', 'Espresso cup with saucer and spoon, used');
form.append('images', Bun.file(photo), 'photo.jpg');
const created = await api.products.create.mutate(form);
console.log('created', created.id, created.status);

// These two travel as one request.
const [page, product] = await Promise.all([
  api.products.list.query({ limit: 10 }),
  api.products.get.query({ id: created.id }),
]);
console.log('listed', page.total, 'of mine, first', page.products[0]?.id);
console.log('got', product.images[0]?.file_format, product.images[0]?.sha256);

// The same photo once more, straight to the store: its bytes do not pass through the server.
const direct = await uploadProduct([Bun.file(photo)], 'Espresso cup, sent straight to the store', {
  onProgress: ({ sentBytes, totalBytes }) => console.log('sent', sentBytes, 'of', totalBytes),
});
console.log('kept', direct.id, direct.images[0]?.sha256);

// Opened without a token: whoever holds a signed URL may read until it expires.
const { urls } = await api.products.imageUrls.mutate({ id: created.id, variant: 'original', expires_in: 60 });
for (const signed of urls) {
  const bytes = await (await fetch(signed.url ?? '')).bytes();
  console.log('opened', signed.image_id, new Bun.CryptoHasher('sha256').update(bytes).digest('hex'));
}

try {
  await api.products.get.query({ id: Bun.randomUUIDv7() });
} catch (error) {
  if (!(error instanceof TRPCClientError)) throw error;
  const { data } = error as TRPCClientError<AppRouter>;
  console.log('refused', data?.code, data?.httpStatus, data?.request_id);
}
