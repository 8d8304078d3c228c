export { Standalone } from './standalone.ts';
