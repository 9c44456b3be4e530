#!/bin/sh
# Prints env.example with a password in each place for one: sh deploy/compose/new-env.sh >.env
set -eu
secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
while IFS= read -r line; do
  case $line in
    *_PASSWORD= | *_TOKEN=) printf '%spw%s\n' "$line" "$(secret)" ;;
    *) printf '%s\n' "$line" ;;
  esac
done <"$(dirname "$0")/env.example"
