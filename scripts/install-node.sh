#!/bin/sh
# Makes sure that this machine has Node 18 or later with npm, which plugins in TypeScript and their
# SDK's tests are built with. Silent when it is there. Installs Debian's and Ubuntu's own; elsewhere
# says what to install and fails.
set -eu

oldest=18

usable() {
	command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || return 1
	[ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge "$oldest" ]
}

usable && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
	echo "plugins in TypeScript need Node $oldest or later with npm: install it from https://nodejs.org" >&2
	exit 1
fi
sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "installing Node for plugins in TypeScript"
$sudo apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm
if ! usable; then
	echo "this machine's packages bring an older Node than $oldest: install it from https://nodejs.org" >&2
	exit 1
fi
