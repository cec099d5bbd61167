/**
 * Every error a client can meet: stable code, HTTP status, tRPC code and a sentence for the documents.
 * The code is the contract; the message may change.
 * @see docs/openapi.json, components.schemas.Error
 */
export const ERROR_CODES = {
  MALFORMED_REQUEST: { http: 400, trpc: 'BAD_REQUEST', says: 'The request cannot be parsed.' },
  UNAUTHENTICATED: { http: 401, trpc: 'UNAUTHORIZED', says: 'No valid token was sent.' },
  FORBIDDEN: { http: 403, trpc: 'FORBIDDEN', says: 'The token does not allow this.' },
  QUOTA_EXCEEDED: { http: 403, trpc: 'FORBIDDEN', says: 'The quota of this account is used up.' },
  NOT_FOUND: { http: 404, trpc: 'NOT_FOUND', says: 'Nothing is here.' },
  PRODUCT_NOT_FOUND: { http: 404, trpc: 'NOT_FOUND', says: 'No such product of yours.' },
  IMAGE_NOT_FOUND: { http: 404, trpc: 'NOT_FOUND', says: 'No such image in this product.' },
  REQUEST_TIMEOUT: { http: 408, trpc: 'TIMEOUT', says: 'The body came too slowly.' },
  INVALID_TRANSITION: { http: 409, trpc: 'CONFLICT', says: 'The status of the product does not allow this.' },
  EMAIL_TAKEN: { http: 409, trpc: 'CONFLICT', says: 'An account with this email exists.' },
  CONFLICT: { http: 409, trpc: 'CONFLICT', says: 'The state of the resource does not allow this.' },
  UPLOAD_INCOMPLETE: { http: 409, trpc: 'CONFLICT', says: 'Images are missing or wrong.' },
  LEASE_LOST: { http: 409, trpc: 'CONFLICT', says: 'The lease is not yours any more.' },
  IDEMPOTENCY_IN_PROGRESS: { http: 409, trpc: 'CONFLICT', says: 'A request with this Idempotency-Key is running.' },
  IMAGE_TOO_LARGE: { http: 413, trpc: 'PAYLOAD_TOO_LARGE', says: 'One file is over the limit.' },
  REQUEST_TOO_LARGE: { http: 413, trpc: 'PAYLOAD_TOO_LARGE', says: 'The request is over the limit.' },
  INVALID_PROMPT: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', says: 'prompt_text is missing, too short or too long.' },
  INVALID_IMAGE: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', says: 'A file is not a whole image.' },
  TOO_MANY_IMAGES: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', says: 'More images than allowed.' },
  UNSUPPORTED_FORMAT: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', says: 'Neither JPEG nor PNG by its bytes.' },
  RESOLUTION_TOO_LOW: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', says: 'Fewer pixels than required.' },
  RESOLUTION_TOO_HIGH: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', says: 'More pixels than allowed.' },
  VALIDATION_FAILED: { http: 422, trpc: 'UNPROCESSABLE_CONTENT', says: 'A field is missing, unknown or out of range.' },
  IDEMPOTENCY_MISMATCH: {
    http: 422,
    trpc: 'UNPROCESSABLE_CONTENT',
    says: 'The Idempotency-Key was used with other content.',
  },
  RATE_LIMITED: { http: 429, trpc: 'TOO_MANY_REQUESTS', says: 'Too many requests; see Retry-After.' },
  INTERNAL: { http: 500, trpc: 'INTERNAL_SERVER_ERROR', says: 'An error of ours; name the request_id to support.' },
  STORAGE_UNAVAILABLE: {
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    says: 'The object store does not answer; see Retry-After.',
  },
  DATABASE_UNAVAILABLE: {
    http: 503,
    trpc: 'SERVICE_UNAVAILABLE',
    says: 'The database does not answer; see Retry-After.',
  },
  OVERLOADED: { http: 503, trpc: 'SERVICE_UNAVAILABLE', says: 'Too much is under way; see Retry-After.' },
} as const satisfies Record<string, { http: number; trpc: string; says: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;
