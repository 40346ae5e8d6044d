{{/* What the schema cannot tell: values that do not go together. Every mistake is said at once, each with what to do. */}}
{{- define "carmic.check" -}}
{{- $v := .Values -}}
{{- $wrong := list -}}
{{- if not $v.baseUrl -}}
{{- $wrong = append $wrong "baseUrl is missing: give the address under which people reach Carmic, such as --set baseUrl=https://carmic.example.com" -}}
{{- end -}}
{{- if and $v.ingress.enabled $v.gateway.enabled -}}
{{- $wrong = append $wrong "ingress.enabled and gateway.enabled are both on: choose one way in" -}}
{{- end -}}
{{- if and $v.gateway.enabled (not $v.gateway.parentRefs) -}}
{{- $wrong = append $wrong "gateway.parentRefs is empty: name the Gateway, such as [{ name: public, namespace: gateways }]" -}}
{{- end -}}
{{- if not $v.database.existingSecret -}}
{{- $wrong = append $wrong "database.existingSecret is empty: charts/carmic/makeSecrets writes the Secrets of an installation" -}}
{{- end -}}
{{- if and (eq $v.rootKey.provider "file") (not $v.rootKey.existingSecret) -}}
{{- $wrong = append $wrong "rootKey.existingSecret is empty: name the Secret with the root key, or set rootKey.provider to vault" -}}
{{- end -}}
{{- if and (eq $v.rootKey.provider "vault") (not $v.rootKey.vaultTokenSecret) -}}
{{- $wrong = append $wrong "rootKey.vaultTokenSecret is empty: name the Secret with Vault's token under the key token" -}}
{{- end -}}
{{- if and (eq $v.rootKey.provider "vault") (not (hasKey $v.settings "CARMIC_VAULT_URL")) -}}
{{- $wrong = append $wrong "settings.CARMIC_VAULT_URL is missing: rootKey.provider is vault" -}}
{{- end -}}
{{- if and $v.trial.postgresql.enabled $v.database.host -}}
{{- $wrong = append $wrong "database.host is set and trial.postgresql.enabled is on: leave one out" -}}
{{- end -}}
{{- if and (not $v.trial.postgresql.enabled) (not $v.database.host) -}}
{{- $wrong = append $wrong "database.host is missing: name your PostgreSQL server, or set trial.postgresql.enabled to try Carmic" -}}
{{- end -}}
{{- if and $v.trial.postgresql.enabled (not $v.database.createRoles) -}}
{{- $wrong = append $wrong "database.createRoles is off: a trial database has no roles until the migrate Job makes them" -}}
{{- end -}}
{{- if and $v.trial.minio.enabled (ne $v.storage.kind "s3") -}}
{{- $wrong = append $wrong "trial.minio.enabled is on and storage.kind is not s3" -}}
{{- end -}}
{{- if and $v.trial.minio.enabled $v.storage.s3.endpoint -}}
{{- $wrong = append $wrong "storage.s3.endpoint is set and trial.minio.enabled is on: leave one out" -}}
{{- end -}}
{{- if and $v.trial.minio.enabled (not $v.trial.minio.host) -}}
{{- $wrong = append $wrong "trial.minio.host is missing: browsers send uploads straight to MinIO, under a name such as s3.example.com" -}}
{{- end -}}
{{- if and $v.trial.minio.enabled $v.gateway.enabled -}}
{{- $wrong = append $wrong "trial.minio.enabled wants ingress.enabled: an HTTPRoute alone cannot speak TLS to MinIO" -}}
{{- end -}}
{{- if and (eq $v.storage.kind "s3") (not $v.trial.minio.enabled) (not $v.storage.s3.endpoint) (not (hasKey $v.settings "CARMIC_R2_ACCOUNT_ID")) -}}
{{- $wrong = append $wrong "storage.s3.endpoint is missing: name your S3 server, set storage.kind to disk, or trial.minio.enabled to try Carmic" -}}
{{- end -}}
{{- if and (eq $v.storage.kind "s3") (not $v.storage.s3.existingSecret) -}}
{{- $wrong = append $wrong "storage.s3.existingSecret is empty: name the Secret with access-key-id and secret-access-key" -}}
{{- end -}}
{{- if and (eq $v.storage.kind "s3") $v.audit.enabled (ne $v.audit.accessMode "ReadWriteMany") (gt (int $v.worker.replicas) 1) -}}
{{- $wrong = append $wrong "worker.replicas is more than 1 and audit.accessMode is not ReadWriteMany: pods on several nodes cannot share that volume" -}}
{{- end -}}
{{- if and $v.secretSettings.keys (not $v.secretSettings.existingSecret) -}}
{{- $wrong = append $wrong "secretSettings.existingSecret is empty: name the Secret that holds secretSettings.keys" -}}
{{- end -}}
{{- range $name := keys $v.settings | sortAlpha -}}
{{- if hasKey $v.secretSettings.keys $name -}}
{{- $wrong = append $wrong (printf "%s is in settings and in secretSettings.keys: leave it in the latter" $name) -}}
{{- end -}}
{{- end -}}
{{- if $v.networkPolicy.enabled -}}
{{- if not $v.networkPolicy.front -}}
{{- $wrong = append $wrong "networkPolicy.front is empty, so that nobody could reach Carmic: name your ingress controller, such as [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ingress-nginx } } }], or set networkPolicy.enabled=false" -}}
{{- end -}}
{{- if and (not $v.trial.postgresql.enabled) (not $v.database.peers) -}}
{{- $wrong = append $wrong "database.peers is empty, so that the database could not be reached: say where it is, such as [{ ipBlock: { cidr: 10.1.2.3/32 } }]" -}}
{{- end -}}
{{- if and (eq $v.storage.kind "s3") (not $v.trial.minio.enabled) (not $v.storage.s3.peers) -}}
{{- $wrong = append $wrong "storage.s3.peers is empty, so that the bucket could not be reached: say where it is, such as [{ ipBlock: { cidr: 10.1.2.4/32 } }]" -}}
{{- end -}}
{{- if and $v.backup.enabled $v.backup.to (not $v.backup.s3.peers) -}}
{{- $wrong = append $wrong "backup.s3.peers is empty, so that the bucket of the backups could not be reached: say where it is" -}}
{{- end -}}
{{- end -}}
{{- if and (or $v.backup.enabled $v.backup.beforeMigration) (not $v.backup.to) (not $v.backup.existingClaim) -}}
{{- $wrong = append $wrong "backup has no place: give backup.to (s3://bucket/prefix) or backup.existingClaim" -}}
{{- end -}}
{{- if and (or $v.backup.enabled $v.backup.beforeMigration) $v.backup.to (or (not $v.backup.s3.endpoint) (not $v.backup.s3.existingSecret)) -}}
{{- $wrong = append $wrong "backup.to is a bucket: give backup.s3.endpoint and backup.s3.existingSecret as well" -}}
{{- end -}}
{{- $seen := dict -}}
{{- range (include "carmic.pools" . | fromJson).pools -}}
{{- if hasKey $seen .name -}}
{{- $wrong = append $wrong (printf "agents.pools: two pools are called %s" .name) -}}
{{- end -}}
{{- $_ := set $seen .name true -}}
{{- if and (eq .autoscaling.kind "keda") (not $v.agents.prometheusUrl) -}}
{{- $wrong = append $wrong (printf "agents.prometheusUrl is missing: pool %s is scaled by KEDA, which asks Prometheus" .name) -}}
{{- end -}}
{{- if gt (int .autoscaling.min) (int .autoscaling.max) -}}
{{- $wrong = append $wrong (printf "pool %s: autoscaling.min is more than autoscaling.max" .name) -}}
{{- end -}}
{{- if and (eq .autoscaling.kind "hpa") (lt (int .autoscaling.min) 1) -}}
{{- $wrong = append $wrong (printf "pool %s: a HorizontalPodAutoscaler needs autoscaling.min of 1 or more; KEDA can go down to 0" .name) -}}
{{- end -}}
{{- if and (ne .encoders "cpu") (eq (int .gpu.count) 0) (not .supplementalGroups) -}}
{{- $wrong = append $wrong (printf "pool %s: encoders is %s, and its pods get no graphics card: set gpu.count" .name .encoders) -}}
{{- end -}}
{{- if and .models.url (not .models.names) -}}
{{- $wrong = append $wrong (printf "pool %s: models.url is set: say in models.names which to fetch, such as small" .name) -}}
{{- end -}}
{{- end -}}
{{- if and $v.agents.pools (not $v.agents.enrolmentSecret) -}}
{{- $wrong = append $wrong "agents.enrolmentSecret is empty: name the Secret with the enrolment code under the key code" -}}
{{- end -}}
{{- if $wrong -}}
{{- fail (printf "\n\nThese values are not usable:\n  - %s\n" (join "\n  - " $wrong)) -}}
{{- end -}}
{{- end }}
