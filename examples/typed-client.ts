// The API as a typed client sees it: names, inputs, outputs and errors come from `type AppRouter` alone, nothing of the
// server is in the client. Run against a server that runs:
//
//   bun examples/typed-client.ts http://localhost:3000 photo.jpg
import {
  createTRPCClient,
  httpBatchLink,
  httpLink,
  isNonJsonSerializable,
  splitLink,
  TRPCClientError,
} from '@trpc/client';
import type { AppRouter } from '../src/container';

const [server = 'http://localhost:3000', photo = 'examples/photos/bicycle.jpg'] = process.argv.slice(2);
let accessToken = '';

const url = `${server}/trpc`;
const headers = () => (accessToken === '' ? {} : { authorization: `Bearer ${accessToken}` });
const api = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      // FormData cannot be part of a batch
      condition: (operation) => isNonJsonSerializable(operation.input),
      true: httpLink({ url, headers }),
      false: httpBatchLink({ url, headers, maxItems: 20 }),
    }),
  ],
});

const email = `seller-${crypto.randomUUID()}@example.com`;
const tokens = await api.auth.register.mutate({ email, password: 'a long enough password' });
accessToken = tokens.access_token;

const form = new FormData();
form.set('prompt_text', 'Used mountain bike, 26 inch, new tyres');
form.append('images', Bun.file(photo), 'photo.jpg');
const created = await api.products.create.mutate(form);
console.log('created', created.id, created.status);

// These two travel as one request.
const [page, product] = await Promise.all([
  api.products.list.query({ limit: 10 }),
  api.products.get.query({ id: created.id }),
]);
console.log('mine', page.total, 'first image', product.images[0]?.original_url);

try {
  await api.products.get.query({ id: Bun.randomUUIDv7() });
} catch (error) {
  if (!(error instanceof TRPCClientError)) throw error;
  const { data } = error as TRPCClientError<AppRouter>;
  console.log('a stranger’s product:', data?.code, data?.httpStatus, data?.request_id);
}
