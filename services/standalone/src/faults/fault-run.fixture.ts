import { type ClusterServices, FaultRun, type FaultRunOptions } from '@carillon/testkit';

type Inject = (key: 'postgresUrl' | 'kafkaBrokers' | 'redisUrl') => string;

/** A fault run on the test run's servers, but for those that it names as its own. */
export function startFaultRun(inject: Inject, options: Omit<FaultRunOptions, 'shared'>): Promise<FaultRun> {
  const shared: ClusterServices = {
    databaseUrl: inject('postgresUrl'),
    kafkaBrokers: inject('kafkaBrokers'),
    redisUrl: inject('redisUrl'),
  };
  return FaultRun.start({ ...options, shared });
}
