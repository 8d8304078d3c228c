export { type Answer, ApiClient } from './api-client.ts';
export { type ApiMember, Cluster, type ClusterOptions, type ClusterServices, type ShardMember } from './cluster.ts';
export { ClusterProcess, runToEnd } from './cluster-process.ts';
export { freePorts } from './free-ports.ts';
export { type Closed, SocketClient } from './socket-client.ts';
export { TestCluster } from './test-cluster.ts';
