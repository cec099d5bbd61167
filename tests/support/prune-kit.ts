import type { ProductId } from '../../src/kernel/ids';
import type { Seller } from '../../src/kernel/principal';
import type { BackupId } from '../../src/modules/backup/domain/layout';
import { type BackupKit, instead } from './backup-kit';
import { photo } from './photos';
import { PROMPT, productParts } from './upload-kit';

const TWO_DAYS_MS = 2 * 86_400_000;

/** What prunes are tried on. @param kit as `seller`, begun by the time it is used */
export function pruneKit(kit: () => BackupKit, seller: () => Seller) {
  let seeds = 1000;

  /** The target as it will look in two days; what is listed under these folders alone. */
  function inTwoDays(folders: readonly string[] = ['objects/', 'backups/']) {
    return instead(kit().target, {
      async *list(prefix, after) {
        for await (const object of kit().target.list(prefix, after)) {
          const isOld = folders.some((folder) => object.key.startsWith(folder));
          yield isOld ? { ...object, lastModified: new Date(object.lastModified.getTime() - TWO_DAYS_MS) } : object;
        }
      },
    });
  }

  /** A product that no backup before knows, and whose photo nobody else has. */
  async function newProduct(): Promise<ProductId> {
    seeds += 1;
    const { product } = await kit().create(seller(), productParts(PROMPT, [await photo({ seed: seeds })]));
    return product.id as ProductId;
  }

  async function removeProduct(id: ProductId): Promise<void> {
    await kit().db.sql('delete from products where id = $1', [id]);
    await kit().storage.sweep();
  }

  /** Three of one day, each with a product of its own besides one that all have: first, second, third. */
  async function threeBackups() {
    await newProduct();
    const ids: BackupId[] = [];
    for (let at = 0; at < 3; at += 1) {
      const id = await newProduct();
      ids.push((await kit().backup()).backupId);
      await removeProduct(id);
    }
    return ids as [BackupId, BackupId, BackupId];
  }

  return { inTwoDays, newProduct, threeBackups };
}
