{{/* Mistakes of values that belong together, all at once, in words. What a single value may be is said by values.schema.json. */}}
{{- define "carillon.faults" -}}
{{- $faults := list -}}
{{- $v := .Values -}}
{{- $paths := list "auth.jwtSecret" "auth.jwtSecretAlternate" "auth.ticketSecret" "auth.ticketSecretAlternate" "postgres.url" "postgres.relayUrl" "postgres.migrateUrl" "kafka.password" "kafka.clientCert" "kafka.clientKey" "redis.url" "canary.token" -}}
{{- range $paths -}}
{{- $secret := include "carillon.at" (list $ .) | fromYaml -}}
{{- if and $secret.value $secret.existingSecret -}}
{{- $faults = append $faults (printf "%s has both a value and an existingSecret: give one of them" .) -}}
{{- end -}}
{{- end -}}
{{- range list "postgres.url" "redis.url" "auth.ticketSecret" -}}
{{- if not (include "carillon.hasSecret" (list $ .)) -}}
{{- $faults = append $faults (printf "%s is required: set %s.existingSecret, or %s.value to try things out" . . .) -}}
{{- end -}}
{{- end -}}
{{- if not $v.config.KAFKA_BROKERS -}}
{{- $faults = append $faults "config.KAFKA_BROKERS is required: host:port of some of the brokers" -}}
{{- end -}}
{{- $hasJwt := include "carillon.hasSecret" (list . "auth.jwtSecret") -}}
{{- if and (not $hasJwt) (not $v.config.AUTH_JWKS_URL) -}}
{{- $faults = append $faults "auth.jwtSecret or config.AUTH_JWKS_URL is required: without keys nobody can be let in" -}}
{{- end -}}
{{- if and $hasJwt $v.config.AUTH_JWKS_URL -}}
{{- $faults = append $faults "auth.jwtSecret and config.AUTH_JWKS_URL exclude each other: one of them fixes the algorithm of tokens" -}}
{{- end -}}
{{- if and (include "carillon.hasSecret" (list . "auth.jwtSecretAlternate")) (not $hasJwt) $v.config.AUTH_JWKS_URL -}}
{{- $faults = append $faults "auth.jwtSecretAlternate needs auth.jwtSecret: with config.AUTH_JWKS_URL it is the key server that knows several keys" -}}
{{- end -}}
{{- $hasPassword := include "carillon.hasSecret" (list . "kafka.password") -}}
{{- if and $hasPassword (not (and $v.config.KAFKA_SASL_MECHANISM $v.config.KAFKA_USERNAME)) -}}
{{- $faults = append $faults "kafka.password needs config.KAFKA_SASL_MECHANISM and config.KAFKA_USERNAME" -}}
{{- end -}}
{{- if and (or $v.config.KAFKA_SASL_MECHANISM $v.config.KAFKA_USERNAME) (not $hasPassword) -}}
{{- $faults = append $faults "config.KAFKA_SASL_MECHANISM and config.KAFKA_USERNAME need kafka.password" -}}
{{- end -}}
{{- $hasCert := include "carillon.hasSecret" (list . "kafka.clientCert") -}}
{{- $hasKey := include "carillon.hasSecret" (list . "kafka.clientKey") -}}
{{- if ne $hasCert $hasKey -}}
{{- $faults = append $faults "kafka.clientCert and kafka.clientKey belong together: give both or neither" -}}
{{- end -}}
{{- if and $hasCert $hasKey (ne (toString $v.config.KAFKA_TLS) "true") -}}
{{- $faults = append $faults "kafka.clientCert needs config.KAFKA_TLS: true" -}}
{{- end -}}
{{- if and $v.caBundle.existingSecret $v.caBundle.configMap -}}
{{- $faults = append $faults "caBundle has both an existingSecret and a configMap: give one of them" -}}
{{- end -}}
{{- range $name := list "api" "shard" -}}
{{- $pdb := (get $v $name).pdb -}}
{{- if and $pdb.enabled (ne (toString $pdb.minAvailable) "") (ne (toString $pdb.maxUnavailable) "") -}}
{{- $faults = append $faults (printf "%s.pdb has both minAvailable and maxUnavailable: set the other one to \"\"" $name) -}}
{{- end -}}
{{- if and $pdb.enabled (eq (toString $pdb.minAvailable) "") (eq (toString $pdb.maxUnavailable) "") -}}
{{- $faults = append $faults (printf "%s.pdb needs minAvailable or maxUnavailable" $name) -}}
{{- end -}}
{{- end -}}
{{- if gt (int $v.shard.replicas) (int $v.shard.maxShards) -}}
{{- $faults = append $faults (printf "shard.replicas is %d, but shard.maxShards gives addresses to %d only" (int $v.shard.replicas) (int $v.shard.maxShards)) -}}
{{- end -}}
{{- if and $v.shard.hpa.enabled (gt (int $v.shard.hpa.maxReplicas) (int $v.shard.maxShards)) -}}
{{- $faults = append $faults (printf "shard.hpa.maxReplicas is %d, but shard.maxShards gives addresses to %d only" (int $v.shard.hpa.maxReplicas) (int $v.shard.maxShards)) -}}
{{- end -}}
{{- if and $v.shard.hpa.enabled (gt (int $v.shard.hpa.connections) (int $v.shard.maxConnections)) -}}
{{- $faults = append $faults (printf "shard.hpa.connections is %d, above shard.maxConnections %d: shards would refuse clients before there is another one" (int $v.shard.hpa.connections) (int $v.shard.maxConnections)) -}}
{{- end -}}
{{- range $name, $hpa := dict "api.hpa" $v.api.hpa "api.keda" $v.api.keda "shard.hpa" $v.shard.hpa -}}
{{- if and $hpa.enabled (gt (int $hpa.minReplicas) (int $hpa.maxReplicas)) -}}
{{- $faults = append $faults (printf "%s.minReplicas is above %s.maxReplicas" $name $name) -}}
{{- end -}}
{{- end -}}
{{- if and $v.api.hpa.enabled $v.api.keda.enabled -}}
{{- $faults = append $faults "api.hpa and api.keda exclude each other: KEDA makes an autoscaler of its own, by CPU too" -}}
{{- end -}}
{{- if and $v.api.keda.enabled (not $v.api.keda.prometheusUrl) -}}
{{- $faults = append $faults "api.keda.prometheusUrl is required: KEDA asks Prometheus for the age of the outbox" -}}
{{- end -}}
{{- $partitions := int (default 64 $v.config.KAFKA_PARTITIONS) -}}
{{- if gt (int $v.shard.maxShards) $partitions -}}
{{- $faults = append $faults (printf "shard.maxShards is %d, but there are %d partitions to share (config.KAFKA_PARTITIONS): shards beyond them own nothing" (int $v.shard.maxShards) $partitions) -}}
{{- end -}}
{{- $rate := int (ternary 1000 $v.config.UPGRADE_RATE (kindIs "invalid" $v.config.UPGRADE_RATE)) -}}
{{- if gt $rate 0 -}}
{{- $needed := int (ceil (divf (float64 $v.shard.maxConnections) (mulf 0.5 (float64 $rate)))) -}}
{{- if lt (int $v.drain.windowSeconds) $needed -}}
{{- $faults = append $faults (printf "drain.windowSeconds is %d, but %d connections (shard.maxConnections) at half of config.UPGRADE_RATE %d need %d s to move: raise the window, or lower the cap" (int $v.drain.windowSeconds) (int $v.shard.maxConnections) $rate $needed) -}}
{{- end -}}
{{- end -}}
{{- if and (ne $v.shard.addressing "internal") (not (include "carillon.publicUrl" .)) -}}
{{- $faults = append $faults (printf "shard.publicUrl is required with shard.addressing %s, unless ingress or httpRoute names the host: wss://chat.example.com/s/{index}" $v.shard.addressing) -}}
{{- end -}}
{{- if and (eq $v.shard.addressing "perShard") (include "carillon.publicUrl" .) (not (contains "{index}" (include "carillon.publicUrl" .))) -}}
{{- $faults = append $faults "shard.publicUrl needs {index} in it with shard.addressing perShard: each shard has an address of its own" -}}
{{- end -}}
{{- if and (eq $v.shard.addressing "shared") (contains "{index}" (include "carillon.publicUrl" .)) -}}
{{- $faults = append $faults "shard.publicUrl must not have {index} in it with shard.addressing shared: all shards have one address" -}}
{{- end -}}
{{- if and $v.ingress.enabled $v.httpRoute.enabled -}}
{{- $faults = append $faults "ingress and httpRoute exclude each other: enable one of them" -}}
{{- end -}}
{{- range list "ingress" "httpRoute" -}}
{{- $route := get $v . -}}
{{- if and $route.enabled (not $route.host) -}}
{{- $faults = append $faults (printf "%s.host is required: the name that clients know" .) -}}
{{- end -}}
{{- end -}}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) -}}
{{- $faults = append $faults "httpRoute.parentRefs is required: the Gateway that the routes belong to" -}}
{{- end -}}
{{- $canCanary := or $hasJwt (include "carillon.hasSecret" (list . "canary.token")) -}}
{{- if and $v.canary.enabled (not $canCanary) -}}
{{- $faults = append $faults "canary.enabled needs canary.token (a token of a user of its own) or auth.jwtSecret" -}}
{{- end -}}
{{- if and $v.metrics.prometheusRule.enabled (not $v.metrics.prometheusRule.runbookBaseUrl) -}}
{{- $faults = append $faults "metrics.prometheusRule.runbookBaseUrl is required: every alert names its runbook" -}}
{{- end -}}
{{- if and .Values.image.tag .Values.image.digest -}}
{{- $faults = append $faults "image has both a tag and a digest: the digest would win, give one of them" -}}
{{- end -}}
{{- if eq .Values.image.tag "latest" -}}
{{- $faults = append $faults "image.tag must not be latest: what runs would change without an upgrade" -}}
{{- end -}}
{{- toYaml $faults -}}
{{- end -}}
