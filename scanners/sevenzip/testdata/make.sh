#!/bin/sh
# Writes the archives of this folder with 7-Zip (Debian package p7zip-full).
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/sub"
printf '{"model_type": "bert", "hidden_size": 8}\n' >"$work/config.json"
printf 'the same line\n%.0s' 1 2 3 4 5 6 7 8 9 10 >"$work/sub/notes.txt"
: >"$work/sub/empty.txt"
touch -d 2024-01-01T00:00:00Z "$work"/config.json "$work"/sub/* "$work"/sub
add() { name=$1; shift; rm -f "$name.7z"; out=$PWD/$name.7z; (cd "$work" && 7z a -bd -y "$@" "$out" config.json sub >/dev/null); }
add lzma2 -m0=lzma2
add lzma -m0=lzma
add copy -mx0
add plain-header -m0=lzma2 -mhc=off
add not-solid -m0=lzma -ms=off
add deflate -m0=deflate
add bzip2 -m0=bzip2
add ppmd -m0=ppmd
add x86 -m0=bcj -m1=lzma
add encrypted -psecret
add encrypted-names -psecret -mhe=on
