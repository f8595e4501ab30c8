# Sourced after postgres.sh, by the scripts that need a pooler in transaction mode.
#
# pgbouncer_install        installs PgBouncer if it is missing
# pgbouncer_start FOLDER   starts it there, in front of the last started cluster; sets pgbouncer_url
# pgbouncer_stop           stops it

pgbouncer_folder=
pgbouncer_url=

pgbouncer_install() {
    PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null || install_packages pgbouncer
}

pgbouncer_start() {
    local port server_port=${postgres_url##*:}
    pgbouncer_folder=$1
    server_port=${server_port%%/*}
    mkdir -p "$pgbouncer_folder"
    echo "\"nikita\" \"$postgres_secret\"" >"$pgbouncer_folder/users"
    [ "$(id -u)" != 0 ] || chown -R "$(server_user)" "$pgbouncer_folder"
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 40000))
        # Two connections for all clients, so that a client rarely gets the same one again. Unknown start-up parameters are
        # refused, as by default, so that the binary must handle that.
        as_server tee "$pgbouncer_folder/settings" >/dev/null <<-SETTINGS
			[databases]
			* = host=127.0.0.1 port=$server_port
			[pgbouncer]
			listen_addr = 127.0.0.1
			listen_port = $port
			unix_socket_dir =
			auth_type = scram-sha-256
			auth_file = $pgbouncer_folder/users
			pool_mode = transaction
			default_pool_size = 2
			max_client_conn = 1000
			logfile = $pgbouncer_folder/log
			pidfile = $pgbouncer_folder/pid
		SETTINGS
        if as_server env PATH="$PATH:/usr/sbin" pgbouncer -q -d "$pgbouncer_folder/settings" 2>/dev/null; then
            pgbouncer_url="postgres://nikita:$postgres_password@127.0.0.1:$port/postgres?pgbouncer=true"
            return
        fi
    done
    echo 'PgBouncer did not start:' >&2
    as_server tail -n 20 "$pgbouncer_folder/log" >&2 || true
    exit 1
}

pgbouncer_stop() {
    [ -n "$pgbouncer_folder" ] || return 0
    kill "$(cat "$pgbouncer_folder/pid" 2>/dev/null)" 2>/dev/null || true
    pgbouncer_folder=
}
