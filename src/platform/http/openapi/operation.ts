import type { RestRoute } from '../procedure-routes';
import { errorResponses } from './error-responses';
import { parameterOf } from './parameter';
import type { MediaType, Operation, ResponseObject } from './types';

const SUCCESS = { 200: 'Done.', 201: 'Created.', 202: 'Accepted; it goes on after the answer.', 204: 'Done; no body.' };
const REQUEST_ID = {
  'x-request-id': { description: 'Names this request in our log.', schema: { type: 'string' } },
} as const;

/** The operation with what the generator does not know: real statuses, errors, the multipart body, examples. */
export function completed(operation: Operation, route: RestRoute): Operation {
  const { responses, requestBody, parameters, ...rest } = operation;
  const body = route.multipart ? multipartBody(route) : requestBody && jsonBody(requestBody);
  const success = successResponse(responses['200'], route);
  return {
    ...rest,
    ...(route.meta.openapi?.protect === false ? { security: [] } : {}),
    ...(parameters ? { parameters: parameters.map(parameterOf) } : {}),
    ...(body ? { requestBody: withRequestExample(body, route) } : {}),
    responses: { [route.status]: success, ...errorResponses(route, body !== undefined) },
  };
}

function successResponse(generated: ResponseObject | undefined, { status, meta }: RestRoute): ResponseObject {
  const description = meta.openapi?.successDescription ?? SUCCESS[status];
  const headers = { ...REQUEST_ID, ...generated?.headers };
  const json = generated?.content?.['application/json'];
  if (status === 204 || json === undefined) return { description, headers };
  return { description, headers, content: { 'application/json': withExample(json, meta.examples?.response) } };
}

function multipartBody({ procedure }: RestRoute): NonNullable<Operation['requestBody']> {
  const { inputs } = procedure._def as { inputs?: { meta?: () => { override?: object } | undefined }[] };
  const schema = inputs?.at(-1)?.meta?.()?.override ?? { type: 'object' };
  return { required: true, content: { 'multipart/form-data': { schema: { ...schema } } } };
}

/** No body is an empty object: one is required where a field of it is, whatever the path needs. */
function jsonBody(body: NonNullable<Operation['requestBody']>): NonNullable<Operation['requestBody']> {
  const fields = body.content['application/json']?.schema?.required;
  return { ...body, required: Array.isArray(fields) && fields.length > 0 };
}

function withRequestExample(
  body: NonNullable<Operation['requestBody']>,
  { meta }: RestRoute,
): NonNullable<Operation['requestBody']> {
  const content = Object.entries(body.content).map(([type, media]) => [
    type,
    withExample(media, meta.examples?.request),
  ]);
  return { ...body, content: Object.fromEntries(content) };
}

function withExample(media: MediaType, example: unknown): MediaType {
  return example === undefined ? media : { ...media, example };
}
