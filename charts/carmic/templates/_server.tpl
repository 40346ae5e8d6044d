{{/* What server, worker, migrate Job and backups have in common: environment, Secrets and volumes. Each takes the root. */}}

{{- define "carmic.configData" -}}
{{- $full := include "carmic.fullname" . -}}
{{- $s3 := .Values.storage.s3 -}}
CARMIC_BASE_URL: {{ .Values.baseUrl | trimSuffix "/" | quote }}
CARMIC_INSTANCE_NAME: {{ .Values.instanceName | quote }}
CARMIC_DATABASE_URL_FILE: /run/carmic/database/app-url
CARMIC_DATABASE_POOL: {{ int .Values.database.pool | quote }}
CARMIC_TRUSTED_PROXIES: {{ join " " .Values.trustedProxies | quote }}
CARMIC_KEY_PROVIDER: {{ .Values.rootKey.provider }}
{{- if .Values.rootKey.existingSecret }}
CARMIC_ROOT_KEY_FILE: /run/carmic/root-key/root-key
{{- end }}
{{- if .Values.rootKey.vaultTokenSecret }}
CARMIC_VAULT_TOKEN_FILE: /run/carmic/vault/token
{{- end }}
CARMIC_STORAGE: {{ .Values.storage.kind }}
{{- if eq .Values.storage.kind "s3" }}
{{- $endpoint := ternary (printf "https://%s-minio:9000" $full) $s3.endpoint .Values.trial.minio.enabled }}
{{- $public := ternary (printf "https://%s" .Values.trial.minio.host) $s3.publicEndpoint .Values.trial.minio.enabled }}
CARMIC_S3_ENDPOINT: {{ $endpoint | quote }}
{{- with $public }}
CARMIC_S3_PUBLIC_ENDPOINT: {{ . | quote }}
{{- end }}
CARMIC_S3_BUCKET: {{ $s3.bucket | quote }}
{{- with $s3.region }}
CARMIC_S3_REGION: {{ . | quote }}
{{- end }}
CARMIC_S3_ENCRYPTION: {{ $s3.encryption }}
CARMIC_S3_ADDRESSING: {{ $s3.addressing }}
CARMIC_S3_ACCESS_KEY_ID_FILE: /run/carmic/storage/access-key-id
CARMIC_S3_SECRET_ACCESS_KEY_FILE: /run/carmic/storage/secret-access-key
{{- if .Values.trial.minio.enabled }}
CARMIC_S3_CA_FILE: /run/carmic/minio/ca.crt
{{- else if $s3.hasAuthority }}
CARMIC_S3_CA_FILE: /run/carmic/storage/ca.crt
{{- end }}
{{- end }}
{{- range $name, $key := .Values.secretSettings.keys }}
{{ $name }}_FILE: {{ printf "/run/carmic/settings/%s" $key | quote }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{/* Changes with the configuration and with `secretsRevision`, so that pods are replaced. */}}
{{- define "carmic.checksums" -}}
checksum/config: {{ include "carmic.configData" . | sha256sum }}
{{- with .Values.secretsRevision }}
carmic.dev/secrets-revision: {{ . | quote }}
{{- end }}
{{- end }}

{{/* A dict of root and databaseKeys: only those keys of the database's Secret are mounted. */}}
{{- define "carmic.serverVolumes" -}}
{{- $values := .root.Values -}}
- name: tmp
  emptyDir: {}
- name: database
  secret:
    secretName: {{ $values.database.existingSecret }}
    defaultMode: 0440
    items:
      {{- range .databaseKeys }}
      - { key: {{ . }}, path: {{ . }} }
      {{- end }}
{{- if $values.rootKey.existingSecret }}
- name: root-key
  secret:
    secretName: {{ $values.rootKey.existingSecret }}
    defaultMode: 0440
    items: [{ key: {{ $values.rootKey.key }}, path: root-key }]
{{- end }}
{{- if $values.rootKey.vaultTokenSecret }}
- name: vault
  secret:
    secretName: {{ $values.rootKey.vaultTokenSecret }}
    defaultMode: 0440
    items: [{ key: token, path: token }]
{{- end }}
{{- if eq $values.storage.kind "s3" }}
- name: storage
  secret:
    secretName: {{ $values.storage.s3.existingSecret }}
    defaultMode: 0440
    items:
      - { key: access-key-id, path: access-key-id }
      - { key: secret-access-key, path: secret-access-key }
      {{- if $values.storage.s3.hasAuthority }}
      - { key: ca.crt, path: ca.crt }
      {{- end }}
{{- end }}
{{- if $values.trial.minio.enabled }}
- name: minio
  secret:
    secretName: {{ $values.trial.minio.existingSecret }}
    defaultMode: 0440
    items: [{ key: ca.crt, path: ca.crt }]
{{- end }}
{{- if $values.secretSettings.existingSecret }}
- name: settings
  secret:
    secretName: {{ $values.secretSettings.existingSecret }}
    defaultMode: 0440
{{- end }}
- name: data
  {{- if eq $values.storage.kind "disk" }}
  persistentVolumeClaim:
    claimName: {{ $values.storage.disk.existingClaim | default (printf "%s-objects" (include "carmic.fullname" .root)) }}
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}

{{- define "carmic.serverMounts" -}}
- { name: tmp, mountPath: /tmp }
- { name: data, mountPath: /data }
- { name: database, mountPath: /run/carmic/database, readOnly: true }
{{- if .Values.rootKey.existingSecret }}
- { name: root-key, mountPath: /run/carmic/root-key, readOnly: true }
{{- end }}
{{- if .Values.rootKey.vaultTokenSecret }}
- { name: vault, mountPath: /run/carmic/vault, readOnly: true }
{{- end }}
{{- if eq .Values.storage.kind "s3" }}
- { name: storage, mountPath: /run/carmic/storage, readOnly: true }
{{- end }}
{{- if .Values.trial.minio.enabled }}
- { name: minio, mountPath: /run/carmic/minio, readOnly: true }
{{- end }}
{{- if .Values.secretSettings.existingSecret }}
- { name: settings, mountPath: /run/carmic/settings, readOnly: true }
{{- end }}
{{- end }}

{{/* The container of every role. A dict of root, args, resources, and optional env and mounts. */}}
{{- define "carmic.serverContainer" -}}
image: {{ include "carmic.image" (dict "root" .root "name" "server") }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args: {{ toJson .args }}
envFrom:
  - configMapRef:
      name: {{ include "carmic.fullname" .root }}-config
{{- with .env }}
env:
  {{- range $name, $value := . }}
  - { name: {{ $name }}, value: {{ $value | toString | quote }} }
  {{- end }}
{{- end }}
securityContext:
  {{- include "carmic.containerSecurity" .root | nindent 2 }}
volumeMounts:
  {{- include "carmic.serverMounts" .root | nindent 2 }}
  {{- with .mounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  {{- toYaml .resources | nindent 2 }}
{{- end }}

{{/* Holds a pod back until the migrate Job of this version is through, so that no server meets a schema that is older than itself. */}}
{{- define "carmic.awaitSchema" -}}
- name: await-schema
  {{- include "carmic.serverContainer" (dict "root" .root "args" (list "await-schema") "resources" .resources) | nindent 2 }}
{{- end }}

{{- define "carmic.serverProbes" -}}
startupProbe:
  httpGet: { path: /livez, port: operations }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: operations }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: operations }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}
