import { optionalWhole, seconds, whole } from './kinds';

/** Who is let in, how often, and with how much: docs/operations.md, Who is let in. */
export const admissionSettings = {
  RATE_LIMIT_ADDRESS: optionalWhole(0, 1_000_000_000).describe(
    'Requests a minute that one address (of IPv6: its /64) may send to one instance; more get 429. 0: no limit. Default: 12000 in production, 600000 elsewhere.',
  ),
  RATE_LIMIT_USER: optionalWhole(0, 1_000_000_000).describe(
    'Calls a minute of one account to one instance; each call of a batch counts. 0: no limit. Default: 6000 in production, 600000 elsewhere.',
  ),
  RATE_LIMIT_AUTH: optionalWhole(0, 1_000_000_000).describe(
    'Registrations, logins, refreshs, logouts and changes of password a minute, all together, of one address, and of one account, over all instances. 0: no limit. Default: 60 in production, 1200 elsewhere.',
  ),
  UPLOAD_STAGED_BYTES_MAX: whole(2 * 1024 ** 3, 1, 1024 ** 5).describe(
    'Bytes of bodies that one instance takes in at once; they lie under DATA_DIR/tmp until they are answered. Others wait. One seller gets three quarters at most. At least twice MAX_UPLOAD_BYTES.',
  ),
  UPLOAD_WAIT_SECONDS: seconds(30, 0, 600).describe(
    'How long a body waits for its turn, unread, before it is refused with 503 OVERLOADED.',
  ),
  DISK_FREE_BYTES_MIN: whole(512 * 1024 ** 2, 0, 1024 ** 5).describe(
    'Bodies that would leave less than this free on the disk of DATA_DIR/tmp are refused with 503 OVERLOADED before they are read. 0: not asked.',
  ),
  QUOTA_PRODUCTS: whole(100_000, 0, 1_000_000_000).describe(
    'Products that one seller may have; one more is refused with QUOTA_EXCEEDED. 0: any number.',
  ),
  QUOTA_BYTES: whole(1024 ** 4, 0, 1024 ** 5).describe(
    'Bytes of photos, as they were sent, that one seller may have; more are refused with QUOTA_EXCEEDED. 0: any number.',
  ),
} as const;
