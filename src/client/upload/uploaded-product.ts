import type { Api } from '../api';

export type UploadedProduct = Awaited<ReturnType<Api['uploads']['complete']['mutate']>>;
