#!/bin/sh
# Writes the secrets of an installation to standard output, as YAML: the first administrator's
# password, and certificates of an authority of this run, whose key is not kept. Needs openssl.
#
#   sh secrets.sh [HOST…] | kubectl apply --filename -
#
# HOST: more names for the certificates of sso-service and logs-gateway, the ones in their public
# URLs. Running it again replaces everything: restart the pods then, since authorities are read at
# the start.
set -eu
umask 077

DAYS=730
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

quiet() {
    "$@" 2>errors || { cat errors >&2; exit 1; }
}

new_key() {
    quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

# authority: makes ca.crt and ca.key
authority() {
    new_key ca.key
    quiet openssl req -x509 -new -key ca.key -days "$DAYS" -subj "/CN=logs-gateway" -out ca.crt \
        -addext keyUsage=critical,keyCertSign,cRLSign
}

# certificate NAME USAGE HOST…: makes NAME.crt and NAME.key, for "serverAuth" or "clientAuth"
certificate() {
    name=$1 usage=$2
    shift 2
    names=$(printf ',DNS:%s' "$@")
    new_key "$name.key"
    quiet openssl req -new -key "$name.key" -subj "/CN=$1" -out "$name.csr"
    printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" \
        "extendedKeyUsage=$usage" "subjectAltName=${names#,}" >"$name.ext"
    quiet openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial \
        -days "$DAYS" -extfile "$name.ext" -out "$name.crt"
}

base64_of() {
    openssl base64 -A -in "$1"
}

# tls_secret NAMESPACE NAME: the secret NAME-tls
tls_secret() {
    cat <<YAML
---
apiVersion: v1
kind: Secret
metadata:
  name: $2-tls
  namespace: $1
  labels:
    app.kubernetes.io/part-of: logs-gateway
type: kubernetes.io/tls
data:
  tls.crt: $(base64_of "$2.crt")
  tls.key: $(base64_of "$2.key")
  ca.crt: $(base64_of ca.crt)
YAML
}

authority
certificate sso-service serverAuth sso-service sso-service.logs-gateway.svc localhost "$@"
certificate logs-gateway serverAuth logs-gateway logs-gateway.logs-gateway.svc localhost "$@"
certificate logs-gateway-front clientAuth logs-gateway-front
certificate logs-gateway-node serverAuth logs-gateway-node.logs-gateway-nodes.svc
openssl rand -hex 16 >password

for name in sso-service logs-gateway logs-gateway-front; do
    tls_secret logs-gateway "$name"
done
tls_secret logs-gateway-nodes logs-gateway-node
cat <<YAML
---
apiVersion: v1
kind: Secret
metadata:
  name: sso-service-admin
  namespace: logs-gateway
  labels:
    app.kubernetes.io/part-of: logs-gateway
type: Opaque
data:
  password: $(base64_of password)
YAML
