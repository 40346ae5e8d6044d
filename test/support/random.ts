export { createRandom } from '../../scripts/capacity/random.ts';
