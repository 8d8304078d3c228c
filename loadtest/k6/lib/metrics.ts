import { Counter, Rate, Trend } from 'k6/metrics';

/** Times, in milliseconds. Trends keep every sample. */
export const times = {
  wsConnect: new Trend('ws_connect_ms', true),
  ready: new Trend('ready_ms', true),
  reconnect: new Trend('reconnect_ms', true),
  catchUp: new Trend('catch_up_ms', true),
  publishAck: new Trend('publish_ack_ms', true),
  publishToReceive: new Trend('publish_to_receive_ms', true),
  publishToCatchUp: new Trend('publish_to_catch_up_ms', true),
  generatorLag: new Trend('loadgen_lag_ms', true),
  publishLag: new Trend('publish_lag_ms', true),
  reach: new Trend('reach'),
};

export const count = {
  /** Events that a published change owes, by audience; those that came, pushed or caught up. */
  expected: new Counter('expected'),
  deliveries: new Counter('deliveries'),
  caughtUp: new Counter('caught_up'),
  /** Never came, by any way. */
  lost: new Counter('lost'),
  /** A hole in the pushed `seq` of a live connection that no `watermark` or `resync` told. */
  gaps: new Counter('gaps'),
  /** On one connection: the same event again; an event behind a later one. */
  duplicates: new Counter('duplicates'),
  orderViolations: new Counter('order_violations'),
  foreignEvents: new Counter('foreign_events'),
  /** `heartbeat.sent` is not what was received. */
  miscounted: new Counter('miscounted'),
  /** First frames that k6 lost: the generator's fault, not the cluster's. */
  readyDropped: new Counter('ready_dropped'),
  publishFailed: new Counter('publish_failed'),
  connects: new Counter('connects'),
  resumed: new Counter('resumed'),
  connectSuccess: new Rate('connect_success'),
  apiSuccess: new Rate('api_success'),
  closeCode: new Counter('close_code'),
  /** Connections that had been open and ended without a close frame: what a browser calls 1006. */
  abnormalCloses: new Counter('abnormal_closes'),
  forbiddenCloses: new Counter('stop_closes'),
  advised: new Counter('reconnect_advice'),
  early: new Counter('early_reconnects'),
  watermarks: new Counter('watermarks'),
  resyncs: new Counter('resyncs'),
};
