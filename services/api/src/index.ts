export { type Api, type ApiParts, createApi } from './api.ts';
export { type ApiConfig, apiConfigSchema, apiProcessSchema, migrateSchema } from './config.ts';
export { ApiMetrics } from './metrics.ts';
export { RelayMetrics } from './relay/relay-metrics.ts';
