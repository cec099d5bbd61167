import { exampleUrl } from '../../../../platform/http/example-url';

// What /openapi.json shows; tests/architecture/examples.test.ts holds it to the schemas.

const LEASE_ID = '019a0c30-5a10-7b6e-a1f4-2d8c9e0b7a63';
const PRODUCT_ID = '019a0c2f-1b4e-7d11-8a3c-5e2f9b7d6c40';
const IMAGE_ID = '019a0c2f-1b50-7e02-9c41-1f6a8d3b2e75';
const SHA256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const LEASE_ENDS = '2026-11-02T14:15:40.310Z';

const urlOf = (name: string) => exampleUrl(`products/${PRODUCT_ID}/${name}`);
const images = [
  {
    id: IMAGE_ID,
    is_primary: true,
    sha256: SHA256,
    urls: { model: urlOf('model.jpg'), thumb: urlOf('thumb.jpg') },
    expires_at: LEASE_ENDS,
  },
];

export const exampleClaim = {
  request: { worker: 'gpu-7', max: 4, lease_seconds: 600 },
  response: {
    jobs: [
      {
        lease_id: LEASE_ID,
        lease_expires_at: LEASE_ENDS,
        attempt: 1,
        product_id: PRODUCT_ID,
        prompt_text: 'Used mountain bike, 26 inch, new tyres',
        images,
      },
    ],
  },
};

export const exampleUrls = { request: { variants: ['model', 'thumb'] }, response: { images } };

export const exampleHeartbeat = {
  request: { progress: 40, message: 'Removing the background' },
  response: { lease_id: LEASE_ID, lease_expires_at: LEASE_ENDS },
};

export const exampleResultUrls = {
  request: {
    images: [{ image_id: IMAGE_ID, content_type: 'image/webp', file_size_bytes: 318_204, sha256: SHA256 }],
  },
  response: {
    uploads: [
      {
        image_id: IMAGE_ID,
        method: 'PUT',
        url: urlOf('processed.webp'),
        headers: { 'content-type': 'image/webp', 'if-none-match': '*' },
        expires_at: LEASE_ENDS,
      },
    ],
  },
};

export const exampleCompletion = {
  request: {
    images: [{ image_id: IMAGE_ID, processing_metadata: { background: 'removed' } }],
    result: { title: 'Mountain bike 26"' },
  },
  response: { lease_id: LEASE_ID, product_id: PRODUCT_ID, status: 'ready', result: { title: 'Mountain bike 26"' } },
};

export const exampleFailure = {
  request: { error: 'The model is busy.', retryable: true },
  response: { lease_id: LEASE_ID, product_id: PRODUCT_ID, status: 'processing', retry_at: '2026-11-02T14:06:10.000Z' },
};
