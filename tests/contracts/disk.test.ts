import { diskHarness } from './disk-harness';
import { objectStoreContract } from './object-store';

objectStoreContract('disk', () => diskHarness(), 'local');
