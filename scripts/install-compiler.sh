#!/bin/sh
# Makes sure that this machine has a C compiler, which Go's race detector links with. Silent when it
# is there. Installs gcc on Debian and Ubuntu; elsewhere says what to install and fails.
set -eu

command -v "${CC:-gcc}" >/dev/null 2>&1 && exit 0
command -v cc >/dev/null 2>&1 && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
	echo "the tests run with Go's race detector, which needs a C compiler: install gcc and the C library's headers" >&2
	exit 1
fi
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "installing gcc for Go's race detector"
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gcc libc6-dev
