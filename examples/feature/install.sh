#!/bin/sh
# Installs docker-credential-ona for every user of the image. It comes from a file beside this one, named
# docker-credential-ona-TARGET (plain, or the release's .tar.gz) or docker-credential-ona, else from URL, and then only
# with a SHA-256 that matches. No credential is asked for here; `configure` runs as the remote user at each start.
set -eu

name=docker-credential-ona
bin="${BIN:-/usr/local/bin}"
here=$(cd "$(dirname "$0")" && pwd)

fail() {
  echo "$name: $*" >&2
  exit 1
}

case "$(uname -m)" in
  x86_64 | amd64) target=linux-x64 ;;
  aarch64 | arm64) target=linux-arm64 ;;
  *) fail "there is no executable for $(uname -m)" ;;
esac
if [ -e /etc/alpine-release ] || ldd --version 2>&1 | grep -qi musl; then target="$target-musl"; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The hash that SHA256 has for this target: its own, else one without a target.
pinned=
for word in ${SHA256:-}; do
  case "$word" in
    "$target="*) pinned=${word#*=} && break ;;
    *=*) ;;
    *) pinned=$word ;;
  esac
done
pinned=$(printf %s "$pinned" | tr A-F a-f)

download() {
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --output "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" "$1"
  else
    fail "neither curl nor wget is in this image; put the file beside install.sh instead"
  fi
}

found=
for file in "$here/$name-$target" "$here/$name-"*"$target.tar.gz" "$here/$name"; do
  if [ -f "$file" ]; then
    found=$file
    break
  fi
done
if [ -z "$found" ]; then
  [ -n "${URL:-}" ] || fail "no file $name-$target beside install.sh, and the option url is empty"
  [ -n "$pinned" ] || fail "the option sha256 has no hash for $target; without one nothing is downloaded"
  found=$work/download
  download "$(printf %s "$URL" | sed "s/{target}/$target/g")" "$found"
fi
if [ -n "$pinned" ]; then
  actual=$(sha256sum "$found" | cut -d ' ' -f 1)
  [ "$actual" = "$pinned" ] || fail "the SHA-256 of ${found##*/} is $actual, and not $pinned"
fi
# A release's archive has the executable in it; two bytes tell it from one.
if [ "$(head -c 2 "$found" | od -An -tx1 | tr -d ' \n')" = 1f8b ]; then
  mkdir "$work/release"
  tar -xzf "$found" -C "$work/release"
  found=$(find "$work/release" -type f -name "$name" | head -n 1)
  [ -n "$found" ] || fail "there is no $name in the archive"
fi

mkdir -p "$bin"
cp "$found" "$bin/.$name.new"
chmod 0755 "$bin/.$name.new"
"$bin/.$name.new" version >/dev/null || {
  rm -f "$bin/.$name.new"
  fail "the executable does not run here ($target)"
}
mv -f "$bin/.$name.new" "$bin/$name"
echo "$name: installed as $bin/$name"
