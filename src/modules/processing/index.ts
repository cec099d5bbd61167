export { prepareParts } from './prepare-parts';
export { workEstimate, workParts } from './work-parts';
