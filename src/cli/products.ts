import { isUuid, type ProductId } from '../kernel/ids';
import { LIFECYCLE_EVENTS } from '../modules/products';
import { type Command, UsageError } from './command';

export const productStatus: Command = {
  usage: `product status <id> ${LIFECYCLE_EVENTS.join('|')} [--reason R]`,
  says: 'Leads a product along one edge of its lifecycle; the history names the operator.',
  options: ['reason'],
  async run({ words, options, print }, { products }) {
    const [id, named] = words;
    const event = LIFECYCLE_EVENTS.find((known) => known === named);
    if (id === undefined || !isUuid(id)) throw new UsageError('the id of a product is missing');
    if (!event) throw new UsageError(`the event must be one of ${LIFECYCLE_EVENTS.join(', ')}`);
    const change = { productId: id as ProductId, event, actor: 'operator', reason: options.reason ?? null };
    print(JSON.stringify({ id, status: await products.changeStatus(change) }));
  },
};
