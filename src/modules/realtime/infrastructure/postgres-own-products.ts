import type { Database } from '../../../platform/database/database';
import { read } from '../../../platform/database/read';
import type { OwnProducts } from '../domain/ports';

const OWNS = `
  select exists (select 1 from products where id = $1 and user_id = $2)
    or exists (select 1 from direct_uploads where product_id = $1 and user_id = $2) as owns`;

export function postgresOwnProducts(database: Database): OwnProducts {
  return {
    async owns(seller, id) {
      const { rows } = await read(() => database.query(OWNS, [id, seller.userId]));
      return (rows[0] as { owns: boolean } | undefined)?.owns === true;
    },
  };
}
