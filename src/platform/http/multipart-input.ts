import { z } from 'zod';

declare const unread: unique symbol;

/**
 * A multipart body handed to a procedure before anybody has read it, with the parameters of its path. REST makes it of the
 * request; for tRPC it is what `request.formData()` answers, so both doors stream alike.
 */
export class MultipartInput<Body = unknown> {
  declare readonly [unread]: true;
  constructor(
    readonly body: Body,
    readonly params: Readonly<Record<string, string>> = {},
  ) {}
}

/**
 * The schema of such an input: clients send FormData, the handler receives MultipartInput.
 * @param document what /openapi.json says of the parts
 */
export function multipartInput<Body>(document: Record<string, unknown>) {
  return z
    .custom<FormData>((value) => value instanceof MultipartInput, 'multipart/form-data is required')
    .transform((value) => value as unknown as MultipartInput<Body>)
    .meta({ override: document });
}
