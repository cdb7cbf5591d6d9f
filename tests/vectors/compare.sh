#!/bin/sh
# compare.sh MAKER FOLDER: the maker must write just what stands in FOLDER.
set -eu
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$1" "$fresh"
for file in "$fresh"/*.json; do
    cmp "$file" "$2/$(basename "$file")"
done
