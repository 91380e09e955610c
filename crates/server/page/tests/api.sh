#!/usr/bin/env bash
# The server against its own OpenAPI document: schemathesis makes requests, right and wrong, and holds the answers to it.
# api.sh BINARY [schemathesis options]; SCHEMATHESIS names the program.
set -euo pipefail
cd "$(dirname "$0")"
binary=$(realpath "$OLDPWD/$1" 2>/dev/null || realpath "$1")
shift
said=$(mktemp)
"$binary" serve --port 0 2>"$said" &
server=$!
trap 'kill $server; rm -f "$said"' EXIT
until [ "$(grep -c "" "$said")" -gt 0 ] && [ -z "$(tail -c 1 "$said")" ]; do sleep 0.1; done
url=$(sed -n 's/.*listening at //p' "$said")
"${SCHEMATHESIS:-schemathesis}" --config-file schemathesis.toml run "$url/openapi.json" --url "$url" "$@"
