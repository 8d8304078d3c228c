{{/*
Which secret of the values a process gets, and by which variable. The one list that volumes, environments, the chart's own Secret
and the checks share. `migrate` may use a role of its own, which may change the schema.
*/}}
{{- define "carillon.secretsOf" -}}
{{- $kafka := list (list "KAFKA_PASSWORD" "kafka.password") (list "KAFKA_CLIENT_CERT" "kafka.clientCert") (list "KAFKA_CLIENT_KEY" "kafka.clientKey") -}}
{{- $tickets := list (list "TICKET_SECRET" "auth.ticketSecret") (list "TICKET_SECRET_ALTERNATE" "auth.ticketSecretAlternate") -}}
{{- $tokens := list (list "AUTH_JWT_SECRET" "auth.jwtSecret") (list "AUTH_JWT_SECRET_ALTERNATE" "auth.jwtSecretAlternate") -}}
{{- $redis := list (list "REDIS_URL" "redis.url") -}}
{{- $shard := concat $redis $kafka $tickets $tokens -}}
{{- $migrateUrl := include "carillon.hasSecret" (list (index . 0) "postgres.migrateUrl") | eq "true" | ternary "postgres.migrateUrl" "postgres.url" -}}
{{- $all := dict
  "api" (concat (list (list "DATABASE_URL" "postgres.url") (list "RELAY_DATABASE_URL" "postgres.relayUrl")) $shard)
  "shard" $shard
  "preflight" (concat (list (list "DATABASE_URL" $migrateUrl)) $redis $kafka)
  "migrate" (concat (list (list "DATABASE_URL" $migrateUrl)) $redis $kafka)
  "schema" (list (list "DATABASE_URL" $migrateUrl))
  "canary" (list (list "AUTH_JWT_SECRET" "auth.jwtSecret") (list "CANARY_TOKEN" "canary.token"))
-}}
{{- toYaml (get $all (index . 1)) -}}
{{- end -}}

{{/* The values at a path such as "postgres.url", as YAML. */}}
{{- define "carillon.at" -}}
{{- $at := (index . 0).Values -}}
{{- range splitList "." (index . 1) }}{{ $at = get $at . }}{{ end -}}
{{- toYaml $at -}}
{{- end -}}

{{/* "true" or nothing: whether the secret at this path is given. */}}
{{- define "carillon.hasSecret" -}}
{{- $secret := include "carillon.at" . | fromYaml -}}
{{- if or $secret.value $secret.existingSecret -}}true{{- end -}}
{{- end -}}

{{/* The key of an inline value in the chart's own Secret. */}}
{{- define "carillon.ownKey" -}}
{{ . | replace "." "-" | kebabcase | replace "--" "-" }}
{{- end -}}

{{/* The Secret of inline values that a process reads: a hook's job runs before the release's own Secret exists. */}}
{{- define "carillon.ownSecret" -}}
{{- $root := index . 0 -}}
{{ include "carillon.fullname" $root }}{{ and (eq (index . 1) "migrate") (eq $root.Values.migrations.mode "hook") | ternary "-migrate" "" }}
{{- end -}}

{{/* X_FILE for every secret that is given: called with (list . "api"). */}}
{{- define "carillon.secretEnv" -}}
{{- $root := index . 0 -}}
{{- range include "carillon.secretsOf" . | fromYamlArray }}
{{- if include "carillon.hasSecret" (list $root (index . 1)) }}
- name: {{ index . 0 }}_FILE
  value: /run/secrets/carillon/{{ index . 0 }}
{{- end }}
{{- end }}
{{- if include "carillon.hasCaBundle" $root }}
- name: NODE_EXTRA_CA_CERTS
  value: /run/secrets/carillon/ca.crt
{{- end }}
{{- end -}}

{{- define "carillon.hasCaBundle" -}}
{{- if or .Values.caBundle.existingSecret .Values.caBundle.configMap -}}true{{- end -}}
{{- end -}}

{{/* One folder with a file for each of a process's secrets. */}}
{{- define "carillon.secretVolume" -}}
{{- $root := index . 0 -}}
{{- $process := index . 1 -}}
- name: secrets
  projected:
    defaultMode: 288 # 0440
    sources:
{{- range include "carillon.secretsOf" . | fromYamlArray }}
{{- $variable := index . 0 }}
{{- $path := index . 1 }}
{{- if include "carillon.hasSecret" (list $root $path) }}
{{- $secret := include "carillon.at" (list $root $path) | fromYaml }}
      - secret:
{{- if $secret.existingSecret }}
          name: {{ $secret.existingSecret }}
          items: [{ key: {{ $secret.key | quote }}, path: {{ $variable }} }]
{{- else }}
          name: {{ include "carillon.ownSecret" (list $root $process) }}
          items: [{ key: {{ include "carillon.ownKey" $path }}, path: {{ $variable }} }]
{{- end }}
{{- end }}
{{- end }}
{{- with $root.Values.caBundle }}
{{- if .existingSecret }}
      - secret: { name: {{ .existingSecret }}, items: [{ key: {{ .key | quote }}, path: ca.crt }] }
{{- else if .configMap }}
      - configMap: { name: {{ .configMap }}, items: [{ key: {{ .key | quote }}, path: ca.crt }] }
{{- end }}
{{- end }}
{{- end -}}

{{/* The inline values of these processes, for a Secret: called with (list . "api" "shard" …). */}}
{{- define "carillon.ownData" -}}
{{- $root := index . 0 -}}
{{- $data := dict -}}
{{- range $process := rest . -}}
{{- range include "carillon.secretsOf" (list $root $process) | fromYamlArray -}}
{{- $secret := include "carillon.at" (list $root (index . 1)) | fromYaml -}}
{{- if and $secret.value (not $secret.existingSecret) -}}
{{- $_ := set $data (include "carillon.ownKey" (index . 1)) (b64enc $secret.value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $data }}{{ toYaml $data }}{{ end -}}
{{- end -}}
