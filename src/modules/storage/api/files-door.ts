import { Elysia } from 'elysia';
import { AppError } from '../../../kernel/app-error';
import { type Clock, systemClock } from '../../../kernel/clock';
import type { ObjectKey } from '../../../kernel/object-key';
import type { AdmitBytes } from '../../../platform/admission/upload-admission';
import type { BodyPace } from '../../../platform/http/body-pace';
import type { StagingArea } from '../../../platform/staging/staging-area';
import type { LocalObjects } from '../domain/local-objects';
import type { ObjectStore } from '../domain/object-store';
import type { SignedUrlVerifier } from '../domain/signed-urls';
import { deliverObject } from './deliver-object';
import { receiveObject } from './receive-object';

export interface FilesDoorOptions {
  readonly store: ObjectStore & LocalObjects;
  readonly urls: SignedUrlVerifier;
  readonly staging: StagingArea;
  /** Absent: whatever comes is let in. */
  readonly admitBytes?: AdmitBytes;
  /** That a PUT must keep; what is absent is as everywhere. */
  readonly pace?: Partial<BodyPace>;
  /** Told of what was put. Absent: nobody wants to know. */
  readonly received?: (key: ObjectKey) => void;
  readonly clock?: Clock;
  /** By default `private`. */
  readonly cacheScope?: 'private' | 'public';
}

/**
 * Serves the signed URLs of the disk store: GET, HEAD and PUT of `/files/{bucket}/{key}`. Errors are thrown as AppError for the
 * app's error mapping. Keys are read from the raw URL (Elysia leaves the wildcard percent-encoded).
 * One handler for all methods: Elysia would answer HEAD for a GET route by reading the whole body to count it.
 */
export function filesDoor(options: FilesDoorOptions) {
  const clock = options.clock ?? systemClock;
  const { cacheScope = 'private' } = options;
  const delivery = { objects: options.store, urls: options.urls, clock, cacheScope };
  const { store, urls, staging, admitBytes, pace = {}, received = () => undefined } = options;
  const reception = { store, urls, staging, received, pace, ...(admitBytes && { admitBytes }) };
  return new Elysia({ name: 'files-door' }).all(
    '/files/*',
    ({ request }) => {
      switch (request.method) {
        case 'GET':
        case 'HEAD':
          return deliverObject(delivery, request);
        case 'PUT':
          return receiveObject(reception, request);
        default:
          throw new AppError('FORBIDDEN');
      }
    },
    { parse: 'none', detail: { hide: true } },
  );
}
