import { DiskStore } from '../../src/modules/storage/infrastructure/disk/disk-store';

/**
 * Preloaded into a command's process: what lies in a folder of backups looks two days older to it, but who works there. The store takes
 * times that no call can set.
 */
const { list } = DiskStore.prototype;
DiskStore.prototype.list = async function* (prefix, after) {
  for await (const object of list.call(this, prefix, after)) {
    const isOld = this.bucket === 'intellipost-backups' && !object.key.startsWith('lease/');
    yield isOld ? { ...object, lastModified: new Date(object.lastModified.getTime() - 2 * 86_400_000) } : object;
  }
};
