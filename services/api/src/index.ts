export { type Api, type ApiParts, createApi } from './api.ts';
export { type ApiConfig, apiConfigSchema, apiProcessSchema, migrateSchema, preflightSchema } from './config.ts';
export { kafkaVariables, logVariables, processVariables } from './config-variables.ts';
export { ApiMetrics } from './metrics.ts';
export { checkDependencies, type Finding } from './preflight/check-dependencies.ts';
export { RelayMetrics } from './relay/relay-metrics.ts';
