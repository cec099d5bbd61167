import type { Container } from '../container';
import { isUuid, type ProductId } from '../kernel/ids';
import { LIFECYCLE_EVENTS } from '../modules/products';
import { type Command, type CommandInput, UsageError } from './command';

export const productStatus: Command = {
  usage: `product status <id> ${LIFECYCLE_EVENTS.join('|')} [--reason R]`,
  says: 'Leads a product along one edge of its lifecycle; the history names the operator.',
  access: 'changes',
  words: 2,
  options: ['reason'],
  async run({ words, options, print }, { products }) {
    const productId = productIdIn(words);
    const named = words[1];
    const event = LIFECYCLE_EVENTS.find((known) => known === named);
    if (!event) throw new UsageError(`the event must be one of ${LIFECYCLE_EVENTS.join(', ')}`);
    const change = { productId, event, actor: 'operator', reason: options.reason ?? null };
    print(JSON.stringify({ id: productId, status: await products.changeStatus(change) }));
  },
};

export const productHold: Command = {
  usage: 'product hold <id> --reason R',
  says: 'Puts a product under legal hold: neither its seller nor retention can delete it or its images. The log keeps the reason.',
  access: 'changes',
  words: 1,
  options: ['reason'],
  run: (input, { products }) => setHold(input, products, true),
};

export const productRelease: Command = {
  usage: 'product release <id> --reason R',
  says: 'Ends the legal hold of a product. The log keeps the reason.',
  access: 'changes',
  words: 1,
  options: ['reason'],
  run: (input, { products }) => setHold(input, products, false),
};

async function setHold(
  { words, options, print }: CommandInput,
  { setLegalHold }: Container['products'],
  held: boolean,
): Promise<void> {
  const id = productIdIn(words);
  if (options.reason === undefined) throw new UsageError('--reason is missing');
  await setLegalHold(id, held, options.reason);
  print(JSON.stringify({ id, legal_hold: held }));
}

function productIdIn([id]: readonly string[]): ProductId {
  if (id === undefined || !isUuid(id)) throw new UsageError('the id of a product is missing');
  return id as ProductId;
}
