#!/usr/bin/env bash
# Fetches assay and believes the bytes only when they have the pinned checksum.
set -euo pipefail

fail() {
  echo "::error title=assay::$1"
  exit 2
}

# A tag can be moved to other code after this workflow was reviewed. The
# reference is empty when the action is used from the checkout itself.
if [ -n "${ACTION_REF:-}" ] && ! [[ $ACTION_REF =~ ^[0-9a-f]{40}$ ]]; then
  fail "refer to this action by its commit, not by a tag or branch"
fi

case "$(uname -s)" in
  Linux) os=linux ;;
  Darwin) os=darwin ;;
  MINGW* | MSYS* | CYGWIN*) os=windows ;;
  *) fail "no release for $(uname -s)" ;;
esac
case "$(uname -m)" in
  x86_64 | amd64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) fail "no release for $(uname -m)" ;;
esac
name=assay-$os-$arch
[ $os = windows ] && name=$name.exe

want=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1 }' <<<"${INPUT_CHECKSUMS:?}")
[[ $want =~ ^[0-9a-f]{64}$ ]] || fail "checksums has no single line for $name"

dir=$(mktemp -d "${RUNNER_TEMP:?}/assay-XXXXXX")
curl --proto '=https' --tlsv1.2 --fail --silent --show-error --location --max-redirs 5 --retry 3 \
  --max-filesize 500000000 --output "$dir/$name" "${INPUT_URL:?}/$name" || fail "cannot fetch $name"

if command -v sha256sum >/dev/null; then
  got=$(sha256sum <"$dir/$name")
else
  got=$(shasum -a 256 <"$dir/$name")
fi
if [ "${got%% *}" != "$want" ]; then
  rm -f "$dir/$name"
  fail "$name has not the pinned checksum: it was changed, or the pin is of another release"
fi
chmod +x "$dir/$name"
echo "assay=$dir/$name" >>"${GITHUB_OUTPUT:?}"
