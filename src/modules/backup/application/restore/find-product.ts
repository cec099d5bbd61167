import type { ProductId } from '../../../../kernel/ids';
import type { BackedObject } from '../../domain/backed-object';
import { RestoreRefused } from '../../domain/restore-refused';
import type { BackedProduct, RawRows } from '../../domain/restored-product';
import type { OpenBackup } from '../read/open-backup';
import { linesOf } from '../read/segments';

/** What is read of each table: the rows whose column has one of these values. */
export async function findProduct(backup: OpenBackup, id: ProductId): Promise<BackedProduct> {
  const { backupId } = backup.manifest;
  const products = await rowsWhere(backup, 'products', 'id', new Set([id]));
  if (products.lines.length === 0) throw new RestoreRefused(`backup ${backupId} has no product ${id}`);
  const images = await rowsWhere(backup, 'product_images', 'product_id', new Set([id]));
  const variants = await rowsWhere(backup, 'image_variants', 'image_id', valuesOf(images, 'id'));
  const history = await rowsWhere(backup, 'product_status_history', 'product_id', new Set([id]));
  const keys = new Set(
    [
      ...valuesOf(images, 'original_s3_url'),
      ...valuesOf(images, 'processed_s3_url'),
      ...valuesOf(variants, 's3_url'),
    ].map((url) => url.replace(/^s3:\/\/[^/]+\//, '')),
  );
  return { id, backupId, rows: [products, images, variants, history], objects: await objectsOf(backup, keys) };
}

async function rowsWhere(
  { manifest, rows }: OpenBackup,
  table: string,
  column: string,
  values: ReadonlySet<string>,
): Promise<RawRows> {
  const { columns = [] } = manifest.tables.find(({ name }) => name === table) ?? {};
  const at = columns.indexOf(column);
  const lines: string[] = [];
  // to the end, also when all are found: only there it is known that the file is whole
  for await (const line of linesOf(rows(table))) if (values.has(line.split('\t')[at] ?? '')) lines.push(line);
  return { table, columns, lines };
}

/** Of ids and URLs of objects, which COPY has nothing to escape in. */
function valuesOf({ columns, lines }: RawRows, column: string): Set<string> {
  const at = columns.indexOf(column);
  return new Set(lines.map((line) => line.split('\t')[at] ?? '\\N').filter((value) => value !== '\\N'));
}

async function objectsOf(backup: OpenBackup, keys: ReadonlySet<string>): Promise<BackedObject[]> {
  const found: BackedObject[] = [];
  for await (const object of backup.objects()) if (keys.has(object.key)) found.push(object);
  return found;
}
