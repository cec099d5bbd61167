import { s3ConfigOf, targetS3ConfigOf } from '../config/derive';
import { TargetIsSource } from '../modules/storage';
import { type Command, CommandFailed, type CommandInput, UsageError } from './command';
import { MigrationMeter } from './migration-meter';
import { isSameBucket } from './same-bucket';
import { switchOfStores } from './switch-of-stores';

const IS_SOURCE = 'TARGET_S3_BUCKET_NAME is the bucket that the objects are in';

export const storeMigrate: Command = {
  usage: 'store migrate --to s3|disk [--prune]',
  says: 'Copies the objects to another store (TARGET_S3_*), while the server runs; repeat it for what came since. --prune deletes there what has been deleted here.',
  access: 'changes',
  options: ['to'],
  flags: ['prune'],
  async run(input, { storage, products }) {
    const { settings, print, flags } = input;
    const target = targetOf(input);
    const migration = storage.migrationTo(target, products.keyOf);
    const meter = new MigrationMeter(print);
    const report = await migration
      .run({
        prune: flags.has('prune'),
        onProgress: (progress) => meter.show(progress),
        onProblem: ({ key, problem }) => print(`${problem}: ${key}`),
      })
      .catch((error) => {
        throw error instanceof TargetIsSource ? new UsageError(`${IS_SOURCE}, by another name`) : error;
      });
    meter.end(report);
    const left = switchOfStores(settings, target === 'disk' ? null : target, {
      buckets: storage.buckets,
      target: migration.targetBucket,
    });
    for (const line of left) print(line);
    if (report.problems > 0) throw new CommandFailed(`${report.problems} objects are not on the target; see above.`);
  },
};

function targetOf({ settings, options }: CommandInput) {
  if (options.to === 'disk') {
    if (settings.S3_BUCKET_NAME === undefined) throw new UsageError('the objects are on disk already');
    return 'disk' as const;
  }
  if (options.to !== 's3') throw new UsageError('--to must be s3 or disk');
  const target = targetS3ConfigOf(settings);
  if (!target) throw new UsageError('TARGET_S3_BUCKET_NAME is not set: it names the bucket to copy to');
  const source = s3ConfigOf(settings);
  if (source && isSameBucket(source, target)) throw new UsageError(IS_SOURCE);
  return target;
}
