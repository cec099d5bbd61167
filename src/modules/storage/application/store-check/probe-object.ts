import { type AttemptId, type ImageId, newId, type ProductId } from '../../../../kernel/ids';
import { attemptPrefix, imageKey, type ObjectKey } from '../../../../kernel/object-key';
import { sha256OfBytes } from '../../../../kernel/sha256';
import type { IntentJournal } from '../../domain/intent-journal';
import type { ObjectStore } from '../../domain/object-store';
import { type AskStore, finding, type StoreFinding } from './finding';
import { type ProbeTimes, signedProbe } from './signed-probe';

export interface ProbeObjectDeps {
  readonly store: Pick<ObjectStore, 'bucket' | 'signGet' | 'signPut' | 'head' | 'copy' | 'deleteMany'>;
  readonly journal: Pick<IntentJournal, 'open'>;
  readonly ask: AskStore;
}

const BYTES = 'these bytes are no photo';
const OTHERS = 'these bytes are no phot0';

/**
 * Sends a few bytes as clients do, by signed URLs at the public address, and reads them back; then looks at them, copies and deletes
 * them as the server does. Journalled as any attempt, and then left to the sweep, which deletes once more when no PUT can come any more.
 */
export async function probeObject(
  { store, journal, ask }: ProbeObjectDeps,
  times: ProbeTimes,
): Promise<StoreFinding[]> {
  const [key, other, copied, unasked] = await journalledKeys(journal, times);
  const put = async (to: ObjectKey, declared: string, sent: string) => {
    const { url, headers } = signedProbe(store, to, declared, times);
    return await statusOf(ask(url, { method: 'PUT', headers, body: sent }));
  };
  const url = store.signGet({ key, ...times });
  const read = async () => (await ask(url, {})).text();
  const sha256 = sha256OfBytes(BYTES);
  return [
    await finding('takes bytes by a signed URL', async () => unlessDone(await put(key, BYTES, BYTES))),
    await finding('gives them back', async () => ((await read()) === BYTES ? null : 'other bytes came back')),
    await finding('gives nothing to who has no signature', async () =>
      isDone(await statusOf(ask(url.replace(/\?.*/, ''), {}))) ? 'the bucket is public: make it private' : null,
    ),
    await finding('writes a key once', async () =>
      isDone(await put(key, OTHERS, OTHERS)) ? 'other bytes took its place: it ignores If-None-Match' : null,
    ),
    await finding('refuses bytes of another checksum', async () =>
      isDone(await put(other, BYTES, OTHERS)) ? 'it took them: it ignores x-amz-checksum-sha256' : null,
    ),
    await finding('takes a signed request for nothing else', async () => {
      const { url: target, headers } = signedProbe(store, unasked, OTHERS, times);
      const smuggled = { ...headers, 'x-amz-copy-source': `${store.bucket}/${key}` };
      await statusOf(ask(target, { method: 'PUT', headers: smuggled, body: OTHERS }));
      const isCopied = (await store.head(unasked))?.sha256 === sha256;
      return isCopied ? 'by a header that was not signed it copied another object: give it no PUT URLs' : null;
    }),
    await finding('tells the sha-256 of what it holds', async () =>
      (await store.head(key))?.sha256 === sha256 ? null : 'it tells none, or another: it ignores x-amz-checksum-mode',
    ),
    await finding('copies within itself, and keeps the sha-256', async () => {
      await store.copy(key, copied, { sha256, sizeBytes: BYTES.length });
      return null;
    }),
    await finding('has nothing left of what was deleted', async () => {
      const all = [key, other, copied, unasked];
      await store.deleteMany(all);
      const left = await Promise.all(all.map((each) => store.head(each)));
      if (left.some((head) => head !== null)) return 'it still has it';
      const status = await statusOf(ask(url, {}));
      return status === 404 ? null : `a signed URL of it answers ${status}, not 404`;
    }),
  ];
}

async function journalledKeys(
  journal: ProbeObjectDeps['journal'],
  { expiresAt }: ProbeTimes,
): Promise<[ObjectKey, ObjectKey, ObjectKey, ObjectKey]> {
  const id = newId<AttemptId>();
  const productId = newId<ProductId>();
  const prefix = attemptPrefix(productId, id);
  await journal.open({ id, kind: 'upload', productId, prefix, putExpiresAt: expiresAt });
  const key = () => imageKey(prefix, newId<ImageId>(), 'original', 'jpg');
  return [key(), key(), key(), key()];
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.arrayBuffer();
  return response.status;
}

function isDone(status: number): boolean {
  return status >= 200 && status < 300;
}

function unlessDone(status: number): string | null {
  return isDone(status) ? null : `it answered ${status}: look at the rights of its credentials, and at its clock`;
}
