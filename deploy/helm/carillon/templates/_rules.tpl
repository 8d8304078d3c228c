{{- define "carillon.alert" -}}
{{- if not (has .name .root.Values.metrics.prometheusRule.disabled) }}
- alert: {{ .name }}
  expr: {{ .expr | squote }}
  {{- with .for }}
  for: {{ . }}
  {{- end }}
  {{- include "carillon.alertNotes" (list .root .name .severity .summary .description .dashboard) | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The groups of rules: the PrometheusRule's, and what promtool tests. */}}
{{- define "carillon.ruleGroups" -}}
{{- $root := . -}}
{{- $ns := .Release.Namespace -}}
{{- $fullname := include "carillon.fullname" . -}}
{{- $slo := include "carillon.slo" . | fromJson -}}
{{- $maxConnections := int64 .Values.shard.maxConnections -}}
{{- $partitions := int (default 64 .Values.config.KAFKA_PARTITIONS) -}}
{{- $drain := sub (include "carillon.shardGrace" . | int) (add (int .Values.drain.endpointSeconds) 10) -}}
{{- /* The dashboards read the hour. */ -}}
{{- $windows := list "1h" -}}
{{- range $slo.burn_rates }}{{ $windows = concat $windows (list .long .short) }}{{ end -}}
{{- $selector := printf "namespace=%q" $ns -}}
{{- $errors := dict
  "delivery" (printf "1 - sum(rate(carillon_delivery_seconds_bucket{%s,stage=\"total\",le=~\"%v(\\\\.0)?\"}[WINDOW])) / sum(rate(carillon_delivery_seconds_count{%s,stage=\"total\"}[WINDOW]))" $selector $slo.delivery.threshold_seconds $selector)
  "api" (printf "sum(rate(carillon_http_request_seconds_count{%s,status=~\"5..\"}[WINDOW])) / sum(rate(carillon_http_request_seconds_count{%s}[WINDOW]))" $selector $selector)
  "connect" (printf "sum(rate(carillon_ws_upgrades_refused_total{%s,reason!=\"draining\"}[WINDOW])) / (sum(rate(carillon_ws_upgrades_total{%s}[WINDOW])) + sum(rate(carillon_ws_upgrades_refused_total{%s,reason!=\"draining\"}[WINDOW])))" $selector $selector $selector)
-}}
{{- $what := dict "delivery" "Notifications arrive late" "api" "HTTP requests fail" "connect" "Connections are refused" -}}
- name: carillon-objectives
  rules:
    {{- range $name, $expr := $errors }}
    {{- range $window := $windows | uniq }}
    - record: carillon:{{ $name }}_error_ratio:rate{{ $window }}
      expr: {{ $expr | replace "WINDOW" $window | squote }}
      labels: { namespace: {{ $ns }} }
    {{- end }}
    {{- end }}
    {{- range $name, $_ := $errors }}
    {{- $objective := get $slo $name }}
    {{- range $speed, $burn := $slo.burn_rates }}
    {{- $limit := mulf $burn.factor (subf 1.0 $objective.objective) | toString | float64 }}
    {{- $record := printf "carillon:%s_error_ratio:rate" $name }}
    {{- include "carillon.alert" (dict "root" $root "name" (printf "Carillon%sBurn%s" (title $name) (title $speed)) "severity" (eq $speed "fast" | ternary "page" "warning")
      "expr" (printf "%s%s{%s} > %.6f and %s%s{%s} > %.6f" $record $burn.long $selector $limit $record $burn.short $selector $limit)
      "summary" (get $what $name)
      "description" (printf "%s: {{ $value | humanizePercentage }} over %s; the error budget of %d days burns more than %v times as fast as it may." (get $what $name) $burn.long (int $slo.window_days) $burn.factor)
      "dashboard" "carillon-overview") | nindent 4 }}
    {{- end }}
    {{- end }}
- name: carillon-alerts
  rules:
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonNoReadyShard" "severity" "page" "for" "1m" "dashboard" "carillon-shards"
      "expr" (printf "(count(carillon_drain_state{%s,shard!=\"\"} == 0) or vector(0)) == 0" $selector)
      "summary" "No shard takes connections"
      "description" "No shard that is not draining has been scraped for a minute: nobody can connect.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonTargetDown" "severity" "warning" "for" "5m" "dashboard" "carillon-overview"
      "expr" (printf "up{%s,job=~\"api|shard|canary\"} == 0" $selector)
      "summary" "A process of Carillon is not scraped"
      "description" "{{ $labels.pod }} has not answered Prometheus for 5 minutes.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonConnectionsNearLimit" "severity" "warning" "for" "5m" "dashboard" "carillon-shards"
      "expr" (printf "carillon_ws_connections{%s} > 0.85 * %d" $selector $maxConnections)
      "summary" "A shard is near its limit of connections"
      "description" (printf "{{ $labels.shard }} holds {{ $value }} of %d connections; beyond them it answers 503." $maxConnections)) | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonReconnectStorm" "severity" "page" "for" "2m" "dashboard" "carillon-shards"
      "expr" (printf "sum(rate(carillon_ws_upgrades_total{%s}[2m])) > 5 * sum(rate(carillon_ws_upgrades_total{%s}[1h])) and sum(rate(carillon_ws_upgrades_total{%s}[2m])) > 20" $selector $selector $selector)
      "summary" "Clients reconnect in a storm"
      "description" "{{ $value | humanize }} connections per second are accepted, more than five times the mean of the hour.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonAbnormalCloses" "severity" "warning" "for" "10m" "dashboard" "carillon-shards"
      "expr" (printf "sum(rate(carillon_ws_closes_total{%s,code=\"1006\"}[5m])) / sum(rate(carillon_ws_closes_total{%s}[5m])) > 0.05 and sum(rate(carillon_ws_closes_total{%s,code=\"1006\"}[5m])) > 1" $selector $selector $selector)
      "summary" "Many connections are torn"
      "description" "{{ $value | humanizePercentage }} of the connections that end were torn (1006), not closed.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonSlowConsumers" "severity" "warning" "for" "10m" "dashboard" "carillon-delivery"
      "expr" (printf "sum(rate(carillon_slow_consumers_total{%s,action=\"close\"}[10m])) > 10 * sum(rate(carillon_slow_consumers_total{%s,action=\"close\"}[1d])) and sum(rate(carillon_slow_consumers_total{%s,action=\"close\"}[10m])) > 0.05" $selector $selector $selector)
      "summary" "Ten times more slow consumers than usual are closed"
      "description" "{{ $value | humanize }} connections per second are closed with 4002 because they do not read.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonCanaryReachLow" "severity" "page" "for" "2m" "dashboard" "carillon-overview"
      "expr" (printf "carillon_canary_reach_ratio{%s} < %v" $selector $slo.canary_reach.objective)
      "summary" "Messages do not arrive through every shard"
      "description" "The canary receives its message through {{ $value | humanizePercentage }} of the shards.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonLogLag" "severity" "warning" "for" "5m" "dashboard" "carillon-delivery"
      "expr" (printf "sum(carillon_log_lag_records{%s}) > 5000" $selector)
      "summary" "Shards lag behind the event log"
      "description" "{{ $value | humanize }} records are not read yet; beyond 20,000 per partition a takeover skips them with a resync.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonPartitionUnowned" "severity" "page" "for" "1m" "dashboard" "carillon-shards"
      "expr" (printf "sum(carillon_partitions_owned{%s}) < %d" $selector $partitions)
      "summary" "Partitions have no owner"
      "description" (printf "Only {{ $value }} of %d partitions are owned: their users get no pushes." $partitions)) | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonPartitionOwnedTwice" "severity" "warning" "for" "1m" "dashboard" "carillon-shards"
      "expr" (printf "sum(carillon_partitions_owned{%s}) > %d" $selector $partitions)
      "summary" "Partitions are owned twice"
      "description" (printf "{{ $value }} partitions are owned, of %d: some shard does not know that it lost its own." $partitions)) | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonBucketsUnowned" "severity" "page" "for" "1m" "dashboard" "carillon-delivery"
      "expr" (printf "sum(carillon_relay_buckets_owned{%s}) < 16" $selector)
      "summary" "Outbox buckets have no relay"
      "description" "Only {{ $value }} of 16 buckets are owned: events of their chats are stored, but nobody is told.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonOutboxStuck" "severity" "page" "for" "1m" "dashboard" "carillon-delivery"
      "expr" (printf "max(carillon_outbox_oldest_seconds{%s}) > 30" $selector)
      "summary" "Events wait in the outbox"
      "description" "The oldest event has waited {{ $value | humanizeDuration }} for the event log.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonPostgresDown" "severity" "page" "for" "1m" "dashboard" "carillon-dependencies"
      "expr" (printf "max(carillon_dependency_up{%s,dependency=\"postgres\"}) == 0" $selector)
      "summary" "Postgres answers no API process"
      "description" "Nobody can read or send over HTTP; connections stay.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonDependencyDown" "severity" "warning" "for" "1m" "dashboard" "carillon-dependencies"
      "expr" (printf "min by (dependency) (carillon_dependency_up{%s,dependency!=\"postgres\"}) == 0" $selector)
      "summary" "Kafka or Redis does not answer"
      "description" "{{ $labels.dependency }} does not answer some process for a minute. Readiness hides it on purpose.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonEventLoopSlow" "severity" "warning" "for" "5m" "dashboard" "carillon-node"
      "expr" (printf "nodejs_eventloop_lag_p99_seconds{%s,job=~\"api|shard\"} > 0.1" $selector)
      "summary" "An event loop is slow"
      "description" "The event loop of {{ $labels.pod }} is late by {{ $value | humanizeDuration }} (p99).") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonHeapHigh" "severity" "warning" "for" "10m" "dashboard" "carillon-node"
      "expr" (printf "nodejs_heap_size_used_bytes{%s} / carillon_heap_limit_bytes{%s} > 0.85" $selector $selector)
      "summary" "A heap is nearly full"
      "description" "{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its heap; at 100 % it ends.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonDrainOverBudget" "severity" "warning" "for" (printf "%ds" $drain) "dashboard" "carillon-shards"
      "expr" (printf "carillon_drain_state{%s,shard!=\"\"} == 1" $selector)
      "summary" "A drain takes longer than it may"
      "description" "{{ $labels.shard }} drains and is about to be killed; its clients will see torn connections.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonUnreadableRecords" "severity" "warning" "for" "" "dashboard" "carillon-delivery"
      "expr" (printf "increase(carillon_log_poison_total{%s}[10m]) > 0" $selector)
      "summary" "Records of the event log cannot be read"
      "description" "Something else than Carillon writes to the topic, or versions do not fit; their readers were told to resync.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonEventsTooLarge" "severity" "warning" "for" "" "dashboard" "carillon-delivery"
      "expr" (printf "increase(carillon_relay_too_large_total{%s}[10m]) > 0" $selector)
      "summary" "Kafka refuses events for their size"
      "description" "They leave as watermarks, so clients fetch them: raise max.message.bytes of the topic.") | nindent 4 }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonMigrationFailed" "severity" "warning" "for" "" "dashboard" "carillon-overview"
      "expr" (printf "kube_job_status_failed{%s,job_name=~\"%s-migrate.*\"} > 0" $selector $fullname)
      "summary" "A migration failed"
      "description" "The job {{ $labels.job_name }} failed: the release goes on with its old version.") | nindent 4 }}
    {{- if .Values.ingress.tlsSecret }}
    {{- include "carillon.alert" (dict "root" $root "name" "CarillonCertExpiry" "severity" "warning" "for" "1h" "dashboard" "carillon-overview"
      "expr" (printf "certmanager_certificate_expiration_timestamp_seconds{namespace=%q,name=%q} - time() < 14 * 86400" $ns .Values.ingress.tlsSecret)
      "summary" "The certificate ends soon"
      "description" "The certificate of clients ends in {{ $value | humanizeDuration }}.") | nindent 4 }}
    {{- end }}
{{- end -}}
