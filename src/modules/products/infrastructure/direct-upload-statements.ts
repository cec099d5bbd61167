import type { Prepared } from '../../../platform/database/prepared';

// What every direct upload runs, written out: the query builder took more of the serving thread than the answers of the database.

/** Announcements of one seller follow one another; other changes of the seller's uploads, which only share the row's key, pass. */
export const LOCK_ACCOUNT_AGAINST_ANNOUNCEMENTS: Prepared = {
  name: 'direct_upload_lock_account_against_announcements',
  text: 'select id from users where id = $1 for no key update',
};

export const COUNT_OPEN: Prepared = {
  name: 'direct_upload_count_open',
  text: `select count(distinct u.product_id)::int as uploads, coalesce(sum(image.file_size_bytes), 0)::float8 as bytes
    from direct_uploads u join intents i on i.id = u.intent_id join direct_upload_images image on image.product_id = u.product_id
    where u.user_id = $1 and u.product_id is distinct from $2 and i.state = 'open' and i.expires_at > now()`,
};

/** The upload and its images, $5, in one: an array of objects with the names of the columns. */
export const INSERT_UPLOAD: Prepared = {
  name: 'direct_upload_insert',
  text: `with upload as (
      insert into direct_uploads (product_id, user_id, intent_id, prompt_text) values ($1, $2, $3, $4) returning product_id
    )
    insert into direct_upload_images (image_id, product_id, position, is_primary, content_type, file_size_bytes, sha256,
      key, put_expires_at)
    select image.image_id, upload.product_id, image.position, image.is_primary, image.content_type, image.file_size_bytes,
      image.sha256, image.key, image.put_expires_at
    from upload, jsonb_to_recordset($5) as image(image_id uuid, position smallint, is_primary boolean, content_type text,
      file_size_bytes int, sha256 text, key text, put_expires_at timestamptz)`,
};

export const LOCK_ACCOUNT: Prepared = {
  name: 'direct_upload_lock_account',
  text: 'select id from users where id = $1 for key share',
};

const isOpenUpload = `u.product_id = $1 and u.user_id = $2 and i.state = 'open'`;

export const LOCK_OPEN_INTENT: Prepared = {
  name: 'direct_upload_lock_open_intent',
  text: `select i.id from direct_uploads u join intents i on i.id = u.intent_id where ${isOpenUpload} for update of i`,
};

export interface UploadedImageRow {
  readonly intentId: string;
  readonly promptText: string;
  readonly imageId: string;
  readonly position: number;
  readonly isPrimary: boolean;
  readonly contentType: string;
  readonly fileSizeBytes: number;
  readonly sha256: string;
  readonly key: string;
  readonly putExpiresAt: Date;
}

/** A row for each image, in order. */
export const FIND_OPEN: Prepared = {
  name: 'direct_upload_find_open',
  text: `select u.intent_id as "intentId", u.prompt_text as "promptText", image.image_id as "imageId", image.position,
      image.is_primary as "isPrimary", image.content_type as "contentType", image.file_size_bytes as "fileSizeBytes",
      image.sha256, image.key, image.put_expires_at as "putExpiresAt"
    from direct_uploads u join intents i on i.id = u.intent_id
    join direct_upload_images image on image.product_id = u.product_id
    where ${isOpenUpload} order by image.position`,
};
