import { eq } from 'drizzle-orm';
import type { UserId } from '../../../kernel/ids';
import type { ObjectKey } from '../../../kernel/object-key';
import type { Orm } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import { directUploadImages, directUploads } from '../../../platform/database/schema';
import type { FindArriving } from '../domain/direct-upload-ports';

export function postgresArriving(orm: Orm): FindArriving {
  return async (id) => {
    const rows = await read(() =>
      orm
        .select({
          userId: directUploads.userId,
          key: directUploadImages.key,
          sizeBytes: directUploadImages.fileSizeBytes,
        })
        .from(directUploads)
        .innerJoin(directUploadImages, eq(directUploadImages.productId, directUploads.productId))
        .where(eq(directUploads.productId, id)),
    );
    const [first] = rows;
    if (!first) return null;
    return {
      userId: first.userId as UserId,
      images: rows.map(({ key, sizeBytes }) => ({ key: key as ObjectKey, sizeBytes })),
    };
  };
}
