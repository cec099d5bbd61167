export { workEstimate, workParts } from './work-parts';
