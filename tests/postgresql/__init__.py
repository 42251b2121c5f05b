"""What only a real PostgreSQL shows; `nox -s postgresql` starts one."""
