/** What Prometheus holds of a cluster that is well: one sample a minute, in promtool's notation, for 90 minutes. */
export const healthy: Readonly<Record<string, string>> = {
  'up{job="api",pod="api-0"}': '1x90',
  'up{job="shard",pod="shard-0"}': '1x90',
  'carillon_drain_state{job="api",pod="api-0"}': '0x90',
  'carillon_drain_state{job="shard",pod="shard-0",shard="shard-0"}': '0x90',
  'carillon_drain_state{job="shard",pod="shard-1",shard="shard-1"}': '0x90',
  'carillon_ws_connections{shard="shard-0"}': '30000x90',
  'carillon_ws_connections{shard="shard-1"}': '30000x90',
  'carillon_ws_upgrades_total{shard="shard-0"}': '0+600x90',
  'carillon_ws_upgrades_refused_total{shard="shard-0",reason="rate"}': '0+0x90',
  'carillon_ws_upgrades_refused_total{shard="shard-0",reason="draining"}': '0+600x90',
  'carillon_ws_closes_total{shard="shard-0",code="1000"}': '0+600x90',
  'carillon_ws_closes_total{shard="shard-0",code="1006"}': '0+6x90',
  'carillon_slow_consumers_total{shard="shard-0",action="close"}': '0+1x90',
  'carillon_canary_reach_ratio{job="canary"}': '1x90',
  'carillon_log_lag_records{shard="shard-0"}': '10x90',
  'carillon_partitions_owned{shard="shard-0"}': '32x90',
  'carillon_partitions_owned{shard="shard-1"}': '32x90',
  'carillon_relay_buckets_owned{pod="api-0"}': '8x90',
  'carillon_relay_buckets_owned{pod="api-1"}': '8x90',
  'carillon_outbox_oldest_seconds{pod="api-0"}': '0.1x90',
  'carillon_dependency_up{pod="api-0",dependency="postgres"}': '1x90',
  'carillon_dependency_up{pod="api-1",dependency="postgres"}': '1x90',
  'carillon_dependency_up{pod="api-0",dependency="kafka"}': '1x90',
  'carillon_dependency_up{pod="api-0",dependency="redis"}': '1x90',
  'nodejs_eventloop_lag_p99_seconds{job="shard",pod="shard-0"}': '0.012x90',
  'nodejs_heap_size_used_bytes{job="shard",pod="shard-0"}': '700x90',
  'carillon_heap_limit_bytes{job="shard",pod="shard-0"}': '1000x90',
  'carillon_log_poison_total{shard="shard-0"}': '0x90',
  'carillon_relay_too_large_total{pod="api-0"}': '0x90',
  'kube_job_status_failed{job_name="x-carillon-migrate"}': '0x90',
  'certmanager_certificate_expiration_timestamp_seconds{name="chat-tls"}': '2000000000x90',
  'carillon_delivery_seconds_bucket{stage="total",le="0.25"}': '0+6000x90',
  'carillon_delivery_seconds_count{stage="total"}': '0+6000x90',
  'carillon_http_request_seconds_count{status="200"}': '0+6000x90',
  'carillon_http_request_seconds_count{status="503"}': '0+0x90',
};

/** What has to change for an alert to fire at minute 90; `also`: what the same cause sets off too. */
export type AlertCase = { readonly series: Readonly<Record<string, string>>; readonly also?: readonly string[] };

const delivered = 'carillon_delivery_seconds_bucket{stage="total",le="0.25"}';
const failed = 'carillon_http_request_seconds_count{status="503"}';
const refused = 'carillon_ws_upgrades_refused_total{shard="shard-0",reason="rate"}';

export const alertCases: Readonly<Record<string, AlertCase>> = {
  CarillonNoReadyShard: {
    series: {
      'carillon_drain_state{job="shard",pod="shard-0",shard="shard-0"}': '0x80 _x10',
      'carillon_drain_state{job="shard",pod="shard-1",shard="shard-1"}': '0x80 _x10',
    },
  },
  CarillonTargetDown: { series: { 'up{job="api",pod="api-0"}': '1x80 0x10' } },
  CarillonConnectionsNearLimit: { series: { 'carillon_ws_connections{shard="shard-0"}': '30000x80 42501x10' } },
  CarillonReconnectStorm: { series: { 'carillon_ws_upgrades_total{shard="shard-0"}': '0+600x83 49800+12000x6' } },
  CarillonAbnormalCloses: { series: { 'carillon_ws_closes_total{shard="shard-0",code="1006"}': '0+6x70 420+100x20' } },
  CarillonSlowConsumers: { series: { 'carillon_slow_consumers_total{shard="shard-0",action="close"}': '0+1x60 60+60x30' } },
  CarillonCanaryReachLow: { series: { 'carillon_canary_reach_ratio{job="canary"}': '1x87 0.5x3' } },
  CarillonLogLag: { series: { 'carillon_log_lag_records{shard="shard-0"}': '10x80 5001x10' } },
  CarillonPartitionUnowned: { series: { 'carillon_partitions_owned{shard="shard-1"}': '32x87 31x3' } },
  CarillonPartitionOwnedTwice: { series: { 'carillon_partitions_owned{shard="shard-1"}': '32x87 33x3' } },
  CarillonBucketsUnowned: { series: { 'carillon_relay_buckets_owned{pod="api-1"}': '8x87 7x3' } },
  CarillonOutboxStuck: { series: { 'carillon_outbox_oldest_seconds{pod="api-0"}': '0.1x87 31x3' } },
  CarillonPostgresDown: {
    series: {
      'carillon_dependency_up{pod="api-0",dependency="postgres"}': '1x87 0x3',
      'carillon_dependency_up{pod="api-1",dependency="postgres"}': '1x87 0x3',
    },
  },
  CarillonDependencyDown: { series: { 'carillon_dependency_up{pod="api-0",dependency="kafka"}': '1x87 0x3' } },
  CarillonEventLoopSlow: { series: { 'nodejs_eventloop_lag_p99_seconds{job="shard",pod="shard-0"}': '0.012x80 0.11x10' } },
  CarillonHeapHigh: { series: { 'nodejs_heap_size_used_bytes{job="shard",pod="shard-0"}': '700x75 860x15' } },
  CarillonDrainOverBudget: { series: { 'carillon_drain_state{job="shard",pod="shard-0",shard="shard-0"}': '0x86 1x4' } },
  CarillonUnreadableRecords: { series: { 'carillon_log_poison_total{shard="shard-0"}': '0x85 1x5' } },
  CarillonEventsTooLarge: { series: { 'carillon_relay_too_large_total{pod="api-0"}': '0x85 1x5' } },
  CarillonMigrationFailed: { series: { 'kube_job_status_failed{job_name="x-carillon-migrate"}': '0x87 1x3' } },
  CarillonCertExpiry: { series: { 'certmanager_certificate_expiration_timestamp_seconds{name="chat-tls"}': '1200000x90' } },
  CarillonDeliveryBurnFast: { series: { [delivered]: '0+6000x20 120000+5000x70' }, also: ['CarillonDeliveryBurnSlow'] },
  CarillonDeliveryBurnSlow: { series: { [delivered]: '0+5950x90' } },
  CarillonApiBurnFast: { series: { [failed]: '0+0x20 0+600x70' }, also: ['CarillonApiBurnSlow'] },
  CarillonApiBurnSlow: { series: { [failed]: '0+25x90' } },
  CarillonConnectBurnFast: { series: { [refused]: '0+0x20 0+60x70' }, also: ['CarillonConnectBurnSlow'] },
  CarillonConnectBurnSlow: { series: { [refused]: '0+5x90' } },
};

/** Almost the same, and no reason to wake anybody: below the bound, too short, or the other process still serves. */
export const nearMisses: Readonly<Record<string, AlertCase['series']>> = {
  'one shard drains': { 'carillon_drain_state{job="shard",pod="shard-0",shard="shard-0"}': '0x89 1x1' },
  'a shard below its limit': { 'carillon_ws_connections{shard="shard-0"}': '42500x90' },
  'a partition changes its owner': { 'carillon_partitions_owned{shard="shard-1"}': '32x89 20x1' },
  'one API process lost Postgres': { 'carillon_dependency_up{pod="api-0",dependency="postgres"}': '1x80 0x10' },
  'an outbox that drains': { 'carillon_outbox_oldest_seconds{pod="api-0"}': '29x90' },
  'a rolling update moves users': { 'carillon_ws_upgrades_total{shard="shard-0"}': '0+600x80 48000+2400x10' },
  'a few torn connections at night': {
    'carillon_ws_closes_total{shard="shard-0",code="1000"}': '0+0x90',
    'carillon_ws_closes_total{shard="shard-0",code="1006"}': '0+6x90',
  },
  'draining shards refuse': { 'carillon_ws_upgrades_refused_total{shard="shard-0",reason="draining"}': '0+6000x90' },
  'half of a minute late': { [delivered]: '0+6000x89 537000x0' },
  'nothing at all happens': {
    [delivered]: '0x90',
    'carillon_delivery_seconds_count{stage="total"}': '0x90',
    'carillon_http_request_seconds_count{status="200"}': '0x90',
    'carillon_ws_upgrades_total{shard="shard-0"}': '0x90',
  },
};
