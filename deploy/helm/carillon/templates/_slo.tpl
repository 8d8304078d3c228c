{{/* files/slo.json with the changes of metrics.slo. */}}
{{- define "carillon.slo" -}}
{{- $slo := .Files.Get "files/slo.json" | fromJson -}}
{{- mergeOverwrite $slo (deepCopy .Values.metrics.slo) | toJson -}}
{{- end -}}

{{/* Called with (list . "CarillonX" "page" "summary" "description" "dashboard-uid"). */}}
{{- define "carillon.alertNotes" -}}
{{- $root := index . 0 -}}
labels:
  severity: {{ index . 2 }}
annotations:
  summary: {{ index . 3 | quote }}
  description: {{ index . 4 | quote }}
  runbook_url: {{ trimSuffix "/" $root.Values.metrics.prometheusRule.runbookBaseUrl }}/{{ index . 1 }}.md
  {{- with $root.Values.metrics.prometheusRule.dashboardUrl }}
  dashboard_url: {{ trimSuffix "/" . }}/{{ index $ 5 }}
  {{- end }}
{{- end -}}
