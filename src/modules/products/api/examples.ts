import type { z } from 'zod';
import { exampleUrl } from '../../../platform/http/example-url';
import type { historySchema, imageUrlsSchema, pageSchema, productSchema } from './schemas';

// What /openapi.json shows; tests/architecture/examples.test.ts holds it to the schemas.

export const EXAMPLE_PRODUCT_ID = '019a0c2f-1b4e-7d11-8a3c-5e2f9b7d6c40';
export const EXAMPLE_IMAGE_IDS = [
  '019a0c2f-1b50-7e02-9c41-1f6a8d3b2e75',
  '019a0c2f-1b51-7a93-b2d8-7c4e0f9a6b18',
] as const;
export const EXAMPLE_PROMPT = 'Used mountain bike, 26 inch, new tyres';
const EXAMPLE_SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

const CREATED_AT = '2026-11-02T14:05:09.120Z';
const UPDATED_AT = '2026-11-02T14:06:41.870Z';
const [FIRST_IMAGE_ID] = EXAMPLE_IMAGE_IDS;
const urlOf = (name: string) => exampleUrl(`products/${EXAMPLE_PRODUCT_ID}/${name}`);

const summary = {
  id: EXAMPLE_PRODUCT_ID,
  status: 'ready',
  prompt_text: EXAMPLE_PROMPT,
  image_count: 1,
  primary_image_url: urlOf('thumb.jpg'),
  created_at: CREATED_AT,
  updated_at: UPDATED_AT,
} as const;

export const exampleProduct: z.infer<typeof productSchema> = {
  ...summary,
  failed_from: null,
  processing_started_at: '2026-11-02T14:05:40.310Z',
  processing_completed_at: UPDATED_AT,
  processing_error: null,
  images: [
    {
      id: FIRST_IMAGE_ID,
      original_url: urlOf('original.jpg'),
      processed_url: urlOf('processed.webp'),
      thumb_url: urlOf('thumb.jpg'),
      is_primary: true,
      position: 0,
      file_size_bytes: 2_481_532,
      file_format: 'jpeg',
      resolution_width: 4032,
      resolution_height: 3024,
      sha256: EXAMPLE_SHA256,
      uploaded_at: CREATED_AT,
    },
  ],
};

export const exampleCreated = {
  id: EXAMPLE_PRODUCT_ID,
  status: 'uploading',
  prompt_text: EXAMPLE_PROMPT,
  image_count: 1,
  created_at: CREATED_AT,
  estimated_processing_time_seconds: 30,
};

export const examplePage: z.infer<typeof pageSchema> = {
  products: [summary],
  total: 1,
  limit: 20,
  offset: 0,
  has_more: false,
  next_cursor: null,
};

export const exampleHistory: z.infer<typeof historySchema> = {
  history: [
    { from: null, to: 'uploading', event: 'CREATE', actor: 'seller', reason: null, at: CREATED_AT },
    { from: 'uploading', to: 'processing', event: 'UPLOADS_VERIFIED', actor: 'prepare', reason: null, at: UPDATED_AT },
  ],
};

export const exampleUrls: z.infer<typeof imageUrlsSchema> = {
  urls: [
    { image_id: FIRST_IMAGE_ID, variant: 'thumb', url: urlOf('thumb.jpg'), expires_at: '2026-11-02T14:25:00.000Z' },
  ],
};

const announced = { content_type: 'image/jpeg', file_size_bytes: 2_481_532, sha256: EXAMPLE_SHA256 };

export const exampleStart = {
  request: { prompt_text: EXAMPLE_PROMPT, images: [{ file_name: 'bike.jpg', ...announced, is_primary: true }] },
  response: {
    product_id: EXAMPLE_PRODUCT_ID,
    status: 'uploading',
    uploads: [
      {
        image_id: FIRST_IMAGE_ID,
        method: 'PUT',
        url: urlOf('original.jpg'),
        headers: { 'content-type': 'image/jpeg', 'if-none-match': '*' },
        expires_at: '2026-11-02T15:05:09.000Z',
      },
    ],
  },
};

export const exampleRenewal = {
  request: { images: [{ image_id: FIRST_IMAGE_ID, ...announced }] },
  response: exampleStart.response,
};

export const exampleLedOn = {
  status: 'processing',
  estimated_completion_seconds: 30,
  websocket_url: `wss://api.example.com/ws/products/${EXAMPLE_PRODUCT_ID}/status`,
};
