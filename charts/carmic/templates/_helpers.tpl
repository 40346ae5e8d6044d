{{- define "carmic.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{/* Labels by which the pods of this release are found; a dict of root and component. */}}
{{- define "carmic.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "carmic.labels" -}}
{{ include "carmic.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: carmic
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Image of ours; a dict of root and name. */}}
{{- define "carmic.image" -}}
{{- $image := index .root.Values.image .name -}}
{{- $registry := .root.Values.image.registry | trimSuffix "/" -}}
{{- if $registry }}{{ $registry }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end -}}
{{- end }}

{{/* Name and port at which PgBouncer, migrations and backups find PostgreSQL. */}}
{{- define "carmic.databaseHost" -}}
{{- if .Values.trial.postgresql.enabled }}{{ include "carmic.fullname" . }}-postgresql{{ else }}{{ .Values.database.host }}{{ end -}}
{{- end }}
{{- define "carmic.databasePort" -}}
{{- if .Values.trial.postgresql.enabled }}5432{{ else }}{{ int .Values.database.port }}{{ end -}}
{{- end }}

{{- define "carmic.host" -}}
{{- (urlParse .Values.baseUrl).hostname -}}
{{- end }}

{{/* Every pod of ours: no token of the cluster, no root, the platform's seccomp profile. A dict of root and, where it differs, groups. */}}
{{- define "carmic.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
serviceAccountName: {{ include "carmic.fullname" .root }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  {{- $user := .user | default .root.Values.security.runAsUser }}
  {{- $group := .user | default .root.Values.security.runAsGroup }}
  {{- $volumes := .user | default .root.Values.security.fsGroup }}
  {{- with $user }}
  runAsUser: {{ int . }}
  {{- end }}
  {{- with $group }}
  runAsGroup: {{ int . }}
  {{- end }}
  {{- with $volumes }}
  fsGroup: {{ int . }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  {{- with .groups }}
  supplementalGroups: {{ toJson . }}
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "carmic.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "carmic.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "carmic.spread" -}}
{{- if .root.Values.topologySpread.keys }}
topologySpreadConstraints:
  {{- range .root.Values.topologySpread.keys }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: {{ $.root.Values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "carmic.selector" (dict "root" $.root "component" $.component) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The pools, each with what it takes from the defaults, as JSON: a named template answers text only. */}}
{{- define "carmic.pools" -}}
{{- $pools := list -}}
{{- range .Values.agents.pools -}}
{{- $pools = append $pools (mergeOverwrite (deepCopy $.Values.agents.defaults) (deepCopy .)) -}}
{{- end -}}
{{- dict "pools" $pools | toJson -}}
{{- end }}

{{/* A user's list of peers and its ports, as one rule of a NetworkPolicy. A dict of direction (from, to), peers and ports. */}}
{{- define "carmic.rule" -}}
- {{ .direction }}:
    {{- toYaml .peers | nindent 4 }}
  ports:
    {{- range .ports }}
    - port: {{ int . }}
      protocol: TCP
    {{- end }}
{{- end }}

{{/* A rule for pods of this release. A dict of root, direction, components and port. */}}
{{- define "carmic.ownRule" -}}
- {{ .direction }}:
    {{- range .components }}
    - podSelector:
        matchLabels:
          {{- include "carmic.selector" (dict "root" $.root "component" .) | nindent 10 }}
    {{- end }}
  ports:
    - port: {{ .port }}
      protocol: TCP
{{- end }}
