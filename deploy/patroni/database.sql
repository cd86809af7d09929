-- Once, at the primary, as the superuser: the database of the service and its user.
CREATE ROLE platform_status LOGIN PASSWORD '${SERVICE_PASSWORD}';
-- What the service asks for when it connects. A pooler that leaves it out (ignore_startup_parameters) changes nothing then.
ALTER ROLE platform_status SET jit = off;
ALTER ROLE platform_status SET TimeZone = 'UTC';
ALTER ROLE platform_status SET statement_timeout = '30s';
ALTER ROLE platform_status SET idle_in_transaction_session_timeout = '30s';
CREATE DATABASE platform_status OWNER platform_status;
