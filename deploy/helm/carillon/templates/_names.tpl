{{- define "carillon.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- (contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name)) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Labels that select: they never change between versions of the chart. Called with (list . "api"). */}}
{{- define "carillon.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "carillon.labels" -}}
{{- $root := index . 0 -}}
{{ include "carillon.selectorLabels" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: carillon
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Of pods: nothing in them changes with the chart's version, so that a new chart alone rolls no shard. */}}
{{- define "carillon.podLabels" -}}
{{ include "carillon.selectorLabels" . }}
app.kubernetes.io/part-of: carillon
{{- with (index . 0).Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "carillon.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry .Values.image.repository) .Values.image.repository (ne $registry "") -}}
{{- if .Values.image.digest -}}
{{ printf "%s@%s" $name .Values.image.digest }}
{{- else -}}
{{ printf "%s:%s" $name (.Values.image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{- define "carillon.pullSecrets" -}}
{{- $secrets := concat .Values.global.imagePullSecrets .Values.image.pullSecrets | uniq -}}
{{- if $secrets }}
imagePullSecrets:
{{- range $secrets }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "carillon.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "carillon.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{/* The host that clients use, wherever it is told. */}}
{{- define "carillon.host" -}}
{{- if .Values.ingress.enabled }}{{ .Values.ingress.host }}{{ else if .Values.httpRoute.enabled }}{{ .Values.httpRoute.host }}{{ end -}}
{{- end -}}

{{- define "carillon.headless" -}}
{{ include "carillon.fullname" . }}-shard-headless
{{- end -}}

{{/* The base URL of a shard with {index} in it. */}}
{{- define "carillon.publicUrl" -}}
{{- if .Values.shard.publicUrl -}}
{{ .Values.shard.publicUrl }}
{{- else if eq .Values.shard.addressing "internal" -}}
{{ printf "ws://%s-shard-{index}.%s.%s.svc:8081" (include "carillon.fullname" .) (include "carillon.headless" .) .Release.Namespace }}
{{- else if include "carillon.host" . -}}
{{ printf "wss://%s/%s" (include "carillon.host" .) (eq .Values.shard.addressing "perShard" | ternary "s/{index}" "ws") }}
{{- end -}}
{{- end -}}

{{/* The path under which shard N is reached: called with (list . "0"). */}}
{{- define "carillon.shardPath" -}}
{{- $url := include "carillon.publicUrl" (index . 0) | replace "{index}" (toString (index . 1)) -}}
{{- (urlParse $url).path | default "/" -}}
{{- end -}}

{{/* preStop, the limits of the steps beside the window (stop fetching, deliver, leave, read on: 5 s each), the window, 5 s to spare. */}}
{{- define "carillon.shardGrace" -}}
{{ add .Values.drain.endpointSeconds .Values.drain.windowSeconds 20 5 }}
{{- end -}}

{{/* The API serves on for endpointSeconds and has 20 s for what is in flight. */}}
{{- define "carillon.apiGrace" -}}
{{ add .Values.drain.endpointSeconds 20 5 }}
{{- end -}}

{{/* 75 % of a memory limit in MiB, for V8: called with the quantity. */}}
{{- define "carillon.heapMiB" -}}
{{- $quantity := toString . -}}
{{- $number := regexFind "^[0-9.]+" $quantity -}}
{{- $unit := trimPrefix $number $quantity -}}
{{- $bytes := mulf (float64 $number) (get (dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "k" 1000 "M" 1000000 "G" 1000000000 "" 1) $unit) -}}
{{- divf (mulf $bytes 0.75) 1048576 | floor | int -}}
{{- end -}}

{{/*
A 24th of the heap, 16 to 64 MiB: what is short-lived, as records of the log are, dies in a large young generation without being copied
into the old one; V8 uses up to three times as much.
*/}}
{{- define "carillon.semiSpaceMiB" -}}
{{- div (include "carillon.heapMiB" . | int) 24 | max 16 | min 64 -}}
{{- end -}}
