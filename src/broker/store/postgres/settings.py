"""The embedded server's settings: durable, small, deaf to the network, silent about statements and values."""

import re
from collections.abc import Mapping
from typing import Final

SETTINGS: Final[Mapping[str, str]] = {
    # Reached through a private Unix socket only.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "allow_alter_system": "off",
    "max_connections": "100",
    # What is acknowledged is on disk.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_wal_senders": "3",
    # Small, for a machine that does other things too.
    "shared_buffers": "64MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "64MB",
    "min_wal_size": "80MB",
    "max_wal_size": "512MB",
    "huge_pages": "off",
    "io_method": "sync",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    # The same answers on every machine.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "default_transaction_isolation": "read committed",
    # No statement, parameter or value in the log: an error's text can hold a value, so client errors are
    # left out altogether (`log` ranks above `error`), and DETAIL, which quotes rows, is cut off.
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_duration": "off",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_lock_waits": "off",
    "log_temp_files": "-1",
    "log_autovacuum_min_duration": "-1",
    "log_checkpoints": "off",
    "log_connections": "",
    "log_disconnections": "off",
    "debug_print_parse": "off",
    "debug_print_rewritten": "off",
    "debug_print_plan": "off",
}

# Who may connect: only through the socket, only with the password.
HBA: Final = "local all all scram-sha-256\nlocal replication all scram-sha-256\n"


def settings_file(further: Mapping[str, str]) -> str:
    """`postgresql.conf` with `further` settings laid over ours; refuses a name that is not one."""
    merged = {**SETTINGS, **further}
    for name in merged:
        if re.fullmatch(r"[a-z_]+(\.[a-z_]+)?", name) is None:
            raise ValueError(f"not the name of a setting: {name!r}")
    quoted = {name: value.replace("\\", "\\\\").replace("'", "''") for name, value in merged.items()}
    return "".join(f"{name} = '{value}'\n" for name, value in quoted.items())
