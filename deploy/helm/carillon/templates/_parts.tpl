{{/* Only one of the two bounds may stand in a budget; carillon.faults refuses both. */}}
{{- define "carillon.pdbBound" -}}
{{- if ne (toString .minAvailable) "" -}}
minAvailable: {{ .minAvailable }}
{{- else -}}
maxUnavailable: {{ .maxUnavailable }}
{{- end }}
# A pod that is not healthy anyway never holds up a node's drain.
unhealthyPodEvictionPolicy: AlwaysAllow
{{- end -}}

{{/* Preflight and migration, as containers of a job or, with init, of a pod that waits for them. */}}
{{- define "carillon.migrateContainers" -}}
{{- $root := .root -}}
{{- $commands := ternary (list "preflight" "migrate") (list "migrate") $root.Values.migrations.preflight -}}
{{- if .only }}{{ $commands = list .only }}{{ end -}}
{{- range $commands }}
- name: {{ . }}
  image: {{ include "carillon.image" $root }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  args: [{{ . }}]
  env:
    {{- $process := and (eq . "migrate") (not $root.Values.migrations.createTopic) | ternary "schema" . }}
    {{- include "carillon.env" (dict "root" $root "process" $process "memory" $root.Values.migrations.resources.limits.memory) | nindent 4 }}
  {{- include "carillon.containerSecurity" $root | nindent 2 }}
  resources:
    {{- toYaml $root.Values.migrations.resources | nindent 4 }}
  volumeMounts:
    - { name: {{ $.init | ternary "migrate-secrets" "secrets" }}, mountPath: /run/secrets/carillon, readOnly: true }
{{- end }}
{{- end -}}

{{/* The port of a URL, 443 or 80 where it names none. */}}
{{- define "carillon.portOfUrl" -}}
{{- $url := urlParse . -}}
{{- regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (eq $url.scheme "http" | ternary "80" "443") -}}
{{- end -}}

{{/* The canary and `helm test`: a message through the API, received through every shard that is ready. */}}
{{- define "carillon.canaryContainer" -}}
image: {{ include "carillon.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  {{- include "carillon.env" (dict "root" . "process" "canary" "memory" .Values.canary.resources.limits.memory) | nindent 2 }}
  - name: CANARY_API_URL
    value: http://{{ include "carillon.fullname" . }}-api:{{ .Values.api.service.port }}
  - name: CANARY_SHARDS
    value: {{ include "carillon.headless" . }}:8081
  - name: CANARY_INTERVAL_SECONDS
    value: {{ .Values.canary.intervalSeconds | quote }}
{{ include "carillon.containerSecurity" . }}
resources:
  {{- toYaml .Values.canary.resources | nindent 2 }}
volumeMounts:
  - { name: secrets, mountPath: /run/secrets/carillon, readOnly: true }
{{- end -}}
