#!/bin/sh
# Makes sure that this machine has the Postgres programs that Veche starts as its
# own server: version 14 or later, with the extensions of postgresql-contrib.
# Silent when they are there. Installs them on Debian and Ubuntu; elsewhere says
# what to install and fails.
#
# usage: install-postgres.sh [test]
# To run Veche nothing is needed where a database URL is given; the tests start
# Postgres themselves in any case.
set -eu

oldest=14
extensions="btree_gist pg_trgm unaccent"

# usable DIR: DIR holds a postgres and an initdb that are new enough, and their
# extensions lie where that postgres will look for them.
usable() {
	[ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 1
	major=$("$1/postgres" --version 2>/dev/null | sed -n 's/.*(PostgreSQL) \([0-9]*\).*/\1/p')
	[ -n "$major" ] && [ "$major" -ge "$oldest" ] || return 1
	share=$(share_of "$1" "$major") || return 1
	for extension in $extensions; do
		[ -f "$share/extension/$extension.control" ] || return 1
	done
}

# share_of DIR MAJOR: the share folder, by that installation's own pg_config or,
# where only the development package brings one, at the usual places beside DIR.
share_of() {
	if [ -x "$1/pg_config" ]; then
		"$1/pg_config" --sharedir
		return
	fi
	real=$(dirname "$(readlink -f "$1/postgres")")
	for share in "/usr/share/postgresql/$2" /usr/share/pgsql "$real/../share/postgresql" "$real/../share" "/usr/share/postgresql$2"; do
		if [ -d "$share/extension" ]; then
			echo "$share"
			return
		fi
	done
	return 1
}

# The places that the server itself searches (core/postgres/managed/binaries.go).
found() {
	old_ifs=$IFS
	IFS=:
	for dir in $PATH; do
		if usable "$dir"; then
			IFS=$old_ifs
			return 0
		fi
	done
	IFS=$old_ifs
	if command -v pg_config >/dev/null 2>&1 && usable "$(pg_config --bindir)"; then
		return 0
	fi
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* /usr/local/pgsql/bin \
		/opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
		/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin; do
		if usable "$dir"; then
			return 0
		fi
	done
	return 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "Postgres is missing, and installing it needs root: run as root: apt-get install postgresql postgresql-contrib" >&2
		exit 1
	fi
}

# The packages would make and start a server of their own, which Veche has no use
# for. A machine whose administrator has configured this already is left as it is.
without_system_cluster() {
	if [ -e /etc/postgresql-common/createcluster.conf ] || [ -d /etc/postgresql-common/createcluster.d ]; then
		return 0
	fi
	as_root mkdir -p /etc/postgresql-common/createcluster.d
	echo "create_main_cluster = false" | as_root tee /etc/postgresql-common/createcluster.d/veche.conf >/dev/null
}

install_debian() {
	echo "Installing Postgres (postgresql, postgresql-contrib) ..." >&2
	without_system_cluster
	as_root apt-get update -q
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql postgresql-contrib
}

advise() {
	cat >&2 <<'TEXT'
Veche needs Postgres 14 or later with its contrib extensions. Install it:
  Fedora, RHEL:  dnf install postgresql-server postgresql-contrib
  macOS:         brew install postgresql@17
  Alpine:        apk add postgresql postgresql-contrib
or name a running server: VECHE_DATABASE_URL=postgres://user@host/database
TEXT
	exit 1
}

if [ "${1:-run}" != test ] && [ -n "${DATABASE_URL:-}${VECHE_DATABASE_URL:-}" ]; then
	exit 0
fi
if found; then
	exit 0
fi
if command -v apt-get >/dev/null 2>&1; then
	install_debian
else
	advise
fi
if ! found; then
	echo "Postgres was installed, but no version $oldest or later with $extensions can be found: see what apt-get said above" >&2
	exit 1
fi
