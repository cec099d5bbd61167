export type { RecordOriginals, RefreshCredential, SellerCredentials } from './domain/work/ports';
export { prepareParts } from './prepare-parts';
export { workEstimate, workParts } from './work-parts';
