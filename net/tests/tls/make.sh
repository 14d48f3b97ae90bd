#!/bin/sh
# Makes the certificates of the TLS tests in the workspace: one of a CA, and those of servers to trust and not to trust. All servers have one key.
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

: >"$scratch/index"
echo 01 >"$scratch/serial"
cat >"$scratch/conf" <<END
[ca]
default_ca = own
[own]
database = $scratch/index
serial = $scratch/serial
unique_subject = no
new_certs_dir = $scratch
default_md = sha256
policy = any
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
END

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }
request() { openssl req -new -config "$scratch/conf" -key "$1" -subj "/CN=$2" -out "$scratch/request"; }

# file, end, extensions, and how to sign
certificate() {
    printf '%s\n' "$3" >"$scratch/extensions"
    openssl ca -batch -notext -config "$scratch/conf" -startdate 20250101000000Z -enddate "$2" \
        -extfile "$scratch/extensions" -in "$scratch/request" -out "$scratch/$1.pem" -keyfile $4
    openssl x509 -in "$scratch/$1.pem" -outform DER -out "$1.der"
}
by_ca="$scratch/ca.key -cert $scratch/ca.pem"
leaf='basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:'

key "$scratch/ca.key"
request "$scratch/ca.key" 'enlist test CA'
certificate ca 21250101000000Z 'basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign' "$scratch/ca.key -selfsign"
cp "$scratch/ca.pem" ca.pem

key "$scratch/key"
request "$scratch/key" 'enlist test'
certificate valid 21250101000000Z "${leaf}localhost" "$by_ca"
certificate expired 20250102000000Z "${leaf}localhost" "$by_ca"
certificate other_name 21250101000000Z "${leaf}elsewhere.example" "$by_ca"
certificate self_signed 21250101000000Z "${leaf}localhost" "$scratch/key -selfsign"
openssl pkcs8 -topk8 -nocrypt -in "$scratch/key" -outform DER -out key.der
