#!/bin/sh
# A stand-in for Java in the tests of SPICE's jars: answers as the files beside it say, and keeps what it was asked.
here=$(dirname "$0")
if [ "$1" = -version ]; then cat "$here/version" >&2; exit 0; fi
echo "$LC_ALL $*" >> "$here/runs"
mode=merged
while [ $# -gt 0 ]; do
  case "$1" in
    -out) out=$2; shift ;;
    -noSynsets) mode=apart ;;
    *.json) asked=$1 ;;
  esac
  shift
done
cp "$asked" "$here/asked-$mode.json"
if [ -e "$here/fail" ]; then cat "$here/fail" >&2; exit 1; fi
cp "$here/$mode.json" "$out"
