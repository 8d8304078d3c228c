{{/* What every container of ours may do: nothing but run. */}}
{{- define "carillon.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  capabilities: { drop: [ALL] }
  seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "carillon.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* Of pods without values of their own: the image is for this architecture only. */}}
{{- define "carillon.architecture" -}}
nodeSelector: { kubernetes.io/arch: amd64 }
{{- end -}}

{{/* The start may wait for Kafka and a group's rebalance; after it only a stuck event loop is a reason to restart. */}}
{{- define "carillon.probes" -}}
startupProbe:
  httpGet: { path: /startupz, port: admin }
  periodSeconds: 2
  failureThreshold: 90
livenessProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: admin }
  periodSeconds: 3
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}

{{/* `config` of the values, for the variables that a process knows: called with (list . "api"). */}}
{{- define "carillon.configEnv" -}}
{{- $root := index . 0 -}}
{{- $known := get ($root.Files.Get "files/variables.json" | fromJson) (index . 1) -}}
{{- range $name, $value := $root.Values.config }}
{{- if has $name $known }}
- name: {{ $name }}
  value: {{ kindIs "slice" $value | ternary (join "," $value) (kindIs "float64" $value | ternary (printf "%v" (int64 $value)) (toString $value)) | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Called with (dict "root" . "process" "api" "memory" "512Mi"). */}}
{{- define "carillon.env" -}}
- name: NODE_ENV
  value: production
- name: NODE_OPTIONS
  value: "--max-old-space-size={{ include "carillon.heapMiB" .memory }} --max-semi-space-size={{ include "carillon.semiSpaceMiB" .memory }}"
{{- include "carillon.configEnv" (list .root .process) }}
{{- include "carillon.secretEnv" (list .root .process) }}
{{- end -}}

{{/* Called with (list . .Values.api "api"). */}}
{{- define "carillon.scheduling" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- with $part.topologySpread }}
{{- if .enabled }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: {{ .topologyKey }}
    whenUnsatisfiable: {{ .whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "carillon.selectorLabels" (list $root (index $ 2)) | nindent 8 }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "carillon.selectorLabels" (list $root (index $ 2)) | nindent 8 }}
{{- end }}
{{- end }}
{{- with $part.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* A change of the configuration rolls the pods that carry this. */}}
{{- define "carillon.configChecksum" -}}
{{- $own := list -}}
{{- range list "auth" "postgres" "kafka" "redis" "caBundle" }}{{ $own = append $own (get $.Values . | toYaml) }}{{ end -}}
{{ printf "%s%s" (toYaml .Values.config) (join "" $own) | sha256sum }}
{{- end -}}
