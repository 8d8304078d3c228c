export { canarySchema } from './config.ts';
export { CanaryMetrics } from './metrics.ts';
